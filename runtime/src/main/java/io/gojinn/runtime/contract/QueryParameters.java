package io.gojinn.runtime.contract;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses a raw query string as forms write it ({@code application/x-www-form-urlencoded}, WHATWG URL, 5.1).
 *
 * <p>It refuses nothing: an invalid escape stays as it is, bytes that are not UTF-8 become U+FFFD.
 */
final class QueryParameters {
    /** The most parameters that are parsed; the uri holds them all. */
    static final int MOST = 1_000;

    private static final byte[] REPLACEMENT = "\ufffd".getBytes(StandardCharsets.UTF_8);

    private final String query;

    /** What is decoded now; made when the first escape is met. */
    private byte[] decoded = {};

    private QueryParameters(String query) {
        this.query = query;
    }

    /** Values by name, both in order of first appearance. */
    static Map<String, List<String>> parse(String query) {
        return query.isEmpty() ? Map.of() : new QueryParameters(query).parse();
    }

    private Map<String, List<String>> parse() {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        int count = 0;
        int start = 0;
        while (start < query.length() && count < MOST) {
            int end = query.indexOf('&', start);
            if (end < 0) {
                end = query.length();
            }
            if (end > start) {
                int equals = query.indexOf('=', start, end);
                String name = decode(start, equals < 0 ? end : equals);
                String value = equals < 0 ? "" : decode(equals + 1, end);
                parameters.computeIfAbsent(name, absent -> new ArrayList<>(1)).add(value);
                count++;
            }
            start = end + 1;
        }
        return parameters;
    }

    private String decode(int start, int end) {
        for (int i = start; i < end; i++) {
            char c = query.charAt(i);
            if (c == '%' || c == '+') {
                return decodeEscapes(start, end);
            }
        }
        return query.substring(start, end);
    }

    private String decodeEscapes(int start, int end) {
        if (decoded.length == 0) {
            // A character takes three bytes at most; a surrogate pair four.
            decoded = new byte[3 * (query.length() - start)];
        }
        int length = 0;
        for (int i = start; i < end; i++) {
            char c = query.charAt(i);
            if (c == '+') {
                decoded[length++] = ' ';
            } else if (c == '%' && isEscape(i, end)) {
                decoded[length++] =
                        (byte) (Ascii.hexDigit(query.charAt(i + 1)) << 4 | Ascii.hexDigit(query.charAt(i + 2)));
                i += 2;
            } else if (c < 0x80) {
                decoded[length++] = (byte) c;
            } else {
                int codePoint = query.codePointAt(i);
                boolean loneSurrogate = codePoint <= 0xffff && Character.isSurrogate(c);
                byte[] octets = loneSurrogate
                        ? REPLACEMENT
                        : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
                System.arraycopy(octets, 0, decoded, length, octets.length);
                length += octets.length;
                i += Character.charCount(codePoint) - 1;
            }
        }
        return new String(decoded, 0, length, StandardCharsets.UTF_8);
    }

    private boolean isEscape(int percent, int end) {
        return percent + 2 < end
                && Ascii.hexDigit(query.charAt(percent + 1)) >= 0
                && Ascii.hexDigit(query.charAt(percent + 2)) >= 0;
    }
}
