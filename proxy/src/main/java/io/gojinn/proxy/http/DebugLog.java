package io.gojinn.proxy.http;

import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;

/**
 * What functions have logged for one exchange, as the value of a field: lines with their level, separated by commas, everything
 * but printable ASCII without {@code %} and {@code ,} percent-encoded. Bounded: what does not fit is left out, and three dots say
 * so. Used by one thread at a time.
 */
public final class DebugLog {
    /** The field by which a client asks for it. */
    static final AsciiString REQUEST = AsciiString.cached("x-gojinn-debug");

    /** The field that it comes back in. */
    static final AsciiString RESPONSE = AsciiString.cached("X-Gojinn-Logs");

    private static final int MAX_CHARS = 4096;
    private static final String CUT = "...";

    private final StringBuilder text = new StringBuilder();
    private boolean cut;

    /** Adds a line, whatever it holds. */
    public void add(Enum<?> level, String line) {
        append(level.name().toLowerCase(Locale.ROOT) + ' ' + encode(line));
    }

    /** Adds all of another one. */
    public void addAll(DebugLog other) {
        if (!other.text.isEmpty()) {
            append(other.text.toString());
        }
        cut |= other.cut;
    }

    private void append(String encoded) {
        if (cut) {
            return;
        }
        String separator = text.isEmpty() ? "" : ", ";
        int room = MAX_CHARS - text.length() - separator.length();
        if (encoded.length() > room) {
            cut = true;
            text.append(separator, 0, Math.min(separator.length(), MAX_CHARS - text.length()));
            text.append(encoded, 0, Math.max(0, room));
        } else {
            text.append(separator).append(encoded);
        }
    }

    // A line that is longer than all there is room for need not be encoded to its end.
    private static String encode(String line) {
        StringBuilder encoded = new StringBuilder(line.length());
        byte[] octets =
                line.substring(0, Math.min(line.length(), MAX_CHARS + 1)).getBytes(StandardCharsets.UTF_8);
        for (byte octet : octets) {
            if (octet >= ' ' && octet < 0x7f && octet != '%' && octet != ',') {
                encoded.append((char) octet);
            } else {
                encoded.append('%').append(HexFormat.of().withUpperCase().toHexDigits(octet));
            }
        }
        return encoded.toString();
    }

    boolean isEmpty() {
        return text.isEmpty();
    }

    String value() {
        return cut ? text + CUT : text.toString();
    }
}
