package io.gojinn.proxy.route;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The path of a request as it was sent, and which paths are refused because two parties could read them differently.
 *
 * <p>Routes are matched, and upstreams addressed, by the raw path. So that no upstream can decode a path to one that
 * another route guards, these are refused (RFC 3986, 3.3, 5.2.4, 6.2.2.3, 7.3):
 *
 * <ul>
 *   <li>a segment {@code .} or {@code ..}, plain or percent-encoded, also with path parameters ({@code ..;x});
 *   <li>an encoded slash {@code %2F}, a backslash, plain or encoded {@code %5C};
 *   <li>encoded control characters, NUL above all;
 *   <li>a percent sign without two hex digits; a fragment; characters outside printable ASCII.
 * </ul>
 *
 * <p>Empty segments are kept as they are: {@code //} is not {@code /}.
 */
public final class RequestPath {
    private static final String[] NO_SEGMENTS = {};

    private RequestPath() {}

    /** Whether a path can be matched and passed on. */
    public static boolean isSafe(String path) {
        if (path.isEmpty() || path.charAt(0) != '/') {
            return false;
        }
        // Of the segment so far: how many dots it is made of, or -1 when it is more than dots.
        int dots = 0;
        for (int i = 1; i < path.length(); i++) {
            int c = path.charAt(i);
            if (c <= ' ' || c >= 0x7f || c == '\\' || c == '#') {
                return false;
            }
            boolean encoded = c == '%';
            if (encoded) {
                c = decodedOctet(path, i);
                if (c < ' ' || c == 0x7f || c == '/' || c == '\\') {
                    return false;
                }
                i += 2;
            }
            if (!encoded && (c == '/' || c == ';')) {
                if (isDotSegment(dots)) {
                    return false;
                }
                dots = c == '/' ? 0 : -1;
            } else if (c == '.' && dots >= 0) {
                dots++;
            } else {
                dots = -1;
            }
        }
        return !isDotSegment(dots);
    }

    private static boolean isDotSegment(int dots) {
        return dots == 1 || dots == 2;
    }

    // -1 for what is no encoded octet
    private static int decodedOctet(String path, int percentAt) {
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

    /** The parts between the slashes: {@code /a/b} has two, {@code /a/} has two, the last empty, an empty path none. */
    static String[] segments(String path) {
        if (path.isEmpty()) {
            return NO_SEGMENTS;
        }
        List<String> segments = new ArrayList<>(8);
        int start = 1;
        for (int slash = path.indexOf('/', start); slash >= 0; slash = path.indexOf('/', start)) {
            segments.add(path.substring(start, slash));
            start = slash + 1;
        }
        segments.add(path.substring(start));
        return segments.toArray(NO_SEGMENTS);
    }

    /** Percent-decodes one segment of a safe path as UTF-8. */
    static String decode(String segment) {
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
