package io.gojinn.proxy.route;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The path of a request in the one form by which routes are matched and upstreams addressed.
 *
 * <p>Two spellings that an upstream may take for one path must not be two paths here, or one would pass by the route that
 * guards the other. So a path is brought into one form (RFC 3986, 6.2.2; RFC 3987, 3.1):
 *
 * <ul>
 *   <li>percent-encoded letters, digits, {@code -}, {@code .}, {@code _} and {@code ~} are decoded;
 *   <li>hex digits of what stays encoded are upper case;
 *   <li>UTF-8 that is not encoded gets encoded;
 *   <li>empty segments are left out: {@code /a//b} is {@code /a/b}, as most servers have it.
 * </ul>
 *
 * <p>And what has no safe form is refused (RFC 3986, 3.3, 5.2.4, 7.3):
 *
 * <ul>
 *   <li>a segment {@code .} or {@code ..}, plain or percent-encoded, also with path parameters ({@code ..;x});
 *   <li>an encoded slash {@code %2F}, a backslash, plain or encoded {@code %5C};
 *   <li>encoded control characters, NUL above all;
 *   <li>octets that are an overlong form of a shorter character in UTF-8 (RFC 3629, 3);
 *   <li>a percent sign without two hex digits; a fragment; characters outside printable ASCII that are no UTF-8.
 * </ul>
 *
 * <p>Path parameters ({@code ;x=y}) are a part of their segment.
 */
public final class RequestPath {
    private static final char[] HEX = "0123456789ABCDEF".toCharArray();

    private RequestPath() {}

    /**
     * Brings a path into its one form.
     *
     * @param path as it was sent, a character an octet
     * @return the same object when it has that form already, null when the path is refused
     */
    public static @Nullable String canonical(String path) {
        if (path.isEmpty() || path.charAt(0) != '/') {
            return null;
        }
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '%' || c >= 0x7f || (c == '/' && i > 0 && path.charAt(i - 1) == '/')) {
                String rewritten = rewritten(path, i);
                return rewritten == null || hasDotSegment(rewritten) ? null : rewritten;
            }
            if (!isAllowed(c)) {
                return null;
            }
        }
        return hasDotSegment(path) ? null : path;
    }

    /**
     * Percent-encodes what a query holds beyond ASCII; everything else stays as it was sent.
     *
     * @param query as it was sent, a character an octet
     * @return the same object when there is nothing of that, null when it is no UTF-8 or holds a fragment
     */
    public static @Nullable String canonicalQuery(String query) {
        int at = 0;
        while (at < query.length() && query.charAt(at) < 0x7f) {
            if (query.charAt(at) == '#') {
                return null;
            }
            at++;
        }
        if (at == query.length()) {
            return query;
        }
        StringBuilder encoded = new StringBuilder(query.length() + 32).append(query, 0, at);
        while (at < query.length()) {
            char c = query.charAt(at);
            if (c == '#' || c == 0x7f) {
                return null;
            }
            int next = c < 0x80 ? at + 1 : encodeUtf8(query, at, encoded);
            if (next < 0) {
                return null;
            }
            if (c < 0x80) {
                encoded.append(c);
            }
            at = next;
        }
        return encoded.toString();
    }

    private static @Nullable String rewritten(String path, int from) {
        StringBuilder canonical = new StringBuilder(path.length() + 32).append(path, 0, from);
        int before = 0;
        int at = from;
        while (at < path.length()) {
            char c = path.charAt(at);
            if (c == '%') {
                int octet = decodedOctet(path, at);
                if (octet < ' ' || octet == 0x7f || octet == '/' || octet == '\\' || isOverlong(before, octet)) {
                    return null;
                }
                if (isUnreserved(octet)) {
                    canonical.append((char) octet);
                } else {
                    encode(octet, canonical);
                }
                before = octet;
                at += 3;
            } else if (c >= 0x80) {
                at = encodeUtf8(path, at, canonical);
                if (at < 0) {
                    return null;
                }
                before = 0;
            } else if (isAllowed(c)) {
                if (c != '/' || at == 0 || path.charAt(at - 1) != '/') {
                    canonical.append(c);
                }
                before = 0;
                at++;
            } else {
                return null;
            }
        }
        return path.contentEquals(canonical) ? path : canonical.toString();
    }

    private static boolean isAllowed(char c) {
        return c > ' ' && c < 0x7f && c != '\\' && c != '#';
    }

    // RFC 3986, 2.3
    private static boolean isUnreserved(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '-'
                || c == '.'
                || c == '_'
                || c == '~';
    }

    // The forms that would decode to a character that fewer octets can hold, a slash or a dot perhaps.
    private static boolean isOverlong(int before, int octet) {
        boolean continuation = (octet & 0xc0) == 0x80;
        return continuation
                && (before == 0xc0
                        || before == 0xc1
                        || (before == 0xe0 && octet < 0xa0)
                        || (before == 0xf0 && octet < 0x90));
    }

    // Encodes the octets beyond ASCII from here on; returns where they end, -1 when they are no UTF-8.
    private static int encodeUtf8(String text, int from, StringBuilder encoded) {
        int end = from;
        while (end < text.length() && text.charAt(end) >= 0x80) {
            end++;
        }
        byte[] octets = text.substring(from, end).getBytes(StandardCharsets.ISO_8859_1);
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(octets));
        } catch (CharacterCodingException malformed) {
            return -1;
        }
        for (byte octet : octets) {
            encode(octet & 0xff, encoded);
        }
        return end;
    }

    private static void encode(int octet, StringBuilder encoded) {
        encoded.append('%').append(HEX[octet >> 4]).append(HEX[octet & 0xf]);
    }

    // A segment of one or two dots, also before path parameters.
    private static boolean hasDotSegment(String path) {
        // Of the segment so far: how many dots it is made of, or -1 when it is more than dots.
        int dots = 0;
        for (int i = 1; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '/' || c == ';') {
                if (isDotSegment(dots)) {
                    return true;
                }
                dots = c == '/' ? 0 : -1;
            } else {
                dots = c == '.' && dots >= 0 ? dots + 1 : -1;
            }
        }
        return isDotSegment(dots);
    }

    private static boolean isDotSegment(int dots) {
        return dots == 1 || dots == 2;
    }

    // -1 for what is no encoded octet
    static int decodedOctet(String path, int percentAt) {
        if (percentAt + 2 >= path.length()) {
            return -1;
        }
        int high = hexDigit(path.charAt(percentAt + 1));
        int low = hexDigit(path.charAt(percentAt + 2));
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }

    private static int hexDigit(char c) {
        return c < 0x80 ? Character.digit(c, 16) : -1;
    }

    /** Where the segment that begins here ends: at a slash or with the path. */
    static int segmentEnd(String path, int from) {
        int slash = path.indexOf('/', from);
        return slash < 0 ? path.length() : slash;
    }

    /** Percent-decodes one segment of a safe path as UTF-8. */
    public static String decode(String segment) {
        if (segment.indexOf('%') < 0) {
            return segment;
        }
        byte[] octets = new byte[segment.length()];
        int length = 0;
        for (int i = 0; i < segment.length(); i++) {
            if (segment.charAt(i) == '%') {
                octets[length++] = (byte) decodedOctet(segment, i);
                i += 2;
            } else {
                octets[length++] = (byte) segment.charAt(i);
            }
        }
        return new String(octets, 0, length, StandardCharsets.UTF_8);
    }
}
