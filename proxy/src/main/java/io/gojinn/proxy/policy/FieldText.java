package io.gojinn.proxy.policy;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Text that a header field can carry, whatever it was. */
public final class FieldText {
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private FieldText() {}

    /** The text with all percent-encoded that is not printable ASCII, so that nothing can begin another field. */
    public static String encoded(String text) {
        StringBuilder encoded = new StringBuilder(text.length());
        append(encoded, text);
        return encoded.toString().strip();
    }

    static void append(StringBuilder value, String text) {
        for (int i = 0; i < text.length(); ) {
            int character = text.codePointAt(i);
            int length = Character.charCount(character);
            if (character >= ' ' && character < 0x7f) {
                value.append((char) character);
            } else {
                for (byte octet : text.substring(i, i + length).getBytes(StandardCharsets.UTF_8)) {
                    value.append('%').append(HEX.toHexDigits(octet));
                }
            }
            i += length;
        }
    }
}
