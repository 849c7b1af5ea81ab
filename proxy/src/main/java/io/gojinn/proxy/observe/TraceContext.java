package io.gojinn.proxy.observe;

import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The place of a request in a distributed trace (W3C Trace Context, level 1).
 *
 * @param traceId 32 lower-case hex digits, not all zero
 * @param parentId 16 lower-case hex digits: the span of this proxy, parent of what it calls
 * @param flags two lower-case hex digits
 * @param continued whether the client began the trace
 */
public record TraceContext(String traceId, String parentId, String flags, boolean continued) {
    private static final int LENGTH = 55;
    private static final int PARENT_AT = 36;
    private static final int FLAGS_AT = 53;
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    /** Continues a trace with a new parent id, or begins one when the field is absent or invalid. */
    public static TraceContext of(@Nullable String traceparent) {
        if (traceparent != null && isValid(traceparent)) {
            // A later version is passed on as version 00, the one this proxy knows (3.2.2.1, 4.3).
            String flags =
                    traceparent.startsWith("00") ? traceparent.substring(FLAGS_AT, LENGTH) : sampledOnly(traceparent);
            return new TraceContext(traceparent.substring(3, 35), randomHex(1), flags, true);
        }
        return new TraceContext(randomHex(2), randomHex(1), "01", false);
    }

    /** The value to pass on. */
    public String traceparent() {
        return "00-" + traceId + '-' + parentId + '-' + flags;
    }

    private static boolean isValid(String value) {
        boolean versionZero = value.startsWith("00");
        if (value.length() < LENGTH || (versionZero && value.length() != LENGTH)) {
            return false;
        }
        if (value.length() > LENGTH && value.charAt(LENGTH) != '-') {
            return false;
        }
        return value.charAt(2) == '-'
                && value.charAt(PARENT_AT - 1) == '-'
                && value.charAt(FLAGS_AT - 1) == '-'
                && isHex(value, 0, 2)
                && !value.startsWith("ff")
                && isHex(value, 3, PARENT_AT - 1)
                && isHex(value, PARENT_AT, FLAGS_AT - 1)
                && isHex(value, FLAGS_AT, LENGTH)
                && !isZero(value, 3, PARENT_AT - 1)
                && !isZero(value, PARENT_AT, FLAGS_AT - 1);
    }

    private static String sampledOnly(String traceparent) {
        return (Character.digit(traceparent.charAt(LENGTH - 1), 16) & 1) == 1 ? "01" : "00";
    }

    private static boolean isHex(String value, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = value.charAt(i);
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
                return false;
            }
        }
        return true;
    }

    private static boolean isZero(String value, int from, int to) {
        for (int i = from; i < to; i++) {
            if (value.charAt(i) != '0') {
                return false;
            }
        }
        return true;
    }

    private static String randomHex(int words) {
        char[] digits = new char[words * 16];
        for (int word = 0; word < words; word++) {
            long bits;
            do {
                bits = ThreadLocalRandom.current().nextLong();
            } while (bits == 0);
            for (int i = 0; i < 16; i++) {
                digits[word * 16 + i] = HEX[(int) (bits >>> (60 - 4 * i)) & 0xf];
            }
        }
        return new String(digits);
    }
}
