package io.gojinn.proxy.observe;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The place of a request in a distributed trace (W3C Trace Context, level 1).
 *
 * @param traceparent the value to pass on: the trace, and the span of this proxy as the parent of what it calls
 * @param continued whether the client began the trace
 */
public record TraceContext(String traceparent, boolean continued) {
    /** How long the id of a trace is. */
    static final int TRACE_ID_CHARS = 32;

    private static final int LENGTH = 55;
    private static final int TRACE_AT = 3;
    private static final int PARENT_AT = 36;
    private static final int FLAGS_AT = 53;
    private static final byte[] NEW =
            "00-00000000000000000000000000000000-0000000000000000-01".getBytes(StandardCharsets.US_ASCII);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    /** Continues a trace with a new parent id, or begins one when the field is absent or invalid. */
    public static TraceContext of(@Nullable String traceparent) {
        byte[] text = NEW.clone();
        randomHex(text, PARENT_AT);
        if (traceparent == null || !isValid(traceparent)) {
            randomHex(text, TRACE_AT);
            randomHex(text, TRACE_AT + 16);
            return new TraceContext(ascii(text, 0, LENGTH), false);
        }
        // A later version is passed on as version 00, the one this proxy knows (3.2.2.1, 4.3).
        String flags =
                traceparent.startsWith("00") ? traceparent.substring(FLAGS_AT, LENGTH) : sampledOnly(traceparent);
        return new TraceContext(
                "00" + traceparent.substring(TRACE_AT - 1, PARENT_AT) + ascii(text, PARENT_AT, FLAGS_AT) + flags, true);
    }

    /** The trace: 32 lower-case hex digits, not all zero. */
    public String traceId() {
        return traceparent.substring(TRACE_AT, PARENT_AT - 1);
    }

    /** Writes the id of the trace, a byte a character. */
    @SuppressWarnings("deprecation") // not for characters that have no byte, which there are none of
    void writeTraceId(byte[] target, int at) {
        traceparent.getBytes(TRACE_AT, TRACE_AT + TRACE_ID_CHARS, target, at);
    }

    private static String ascii(byte[] text, int from, int to) {
        return new String(text, from, to - from, StandardCharsets.ISO_8859_1);
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

    // Sixteen digits, not all zero.
    private static void randomHex(byte[] text, int at) {
        long bits;
        do {
            bits = ThreadLocalRandom.current().nextLong();
        } while (bits == 0);
        hex(bits >>> 32, text, at);
        hex(bits & 0xffff_ffffL, text, at + 8);
    }

    // Eight digits at once, each in a byte of its own.
    private static void hex(long bits, byte[] text, int at) {
        long digits = Long.expand(bits, 0x0f0f_0f0f_0f0f_0f0fL);
        // Those above 9 carry into the high half of their byte.
        long letters = (digits + 0x0606_0606_0606_0606L) >>> 4 & 0x0101_0101_0101_0101L;
        LONGS.set(text, at, digits + 0x3030_3030_3030_3030L + letters * ('a' - '0' - 10));
    }
}
