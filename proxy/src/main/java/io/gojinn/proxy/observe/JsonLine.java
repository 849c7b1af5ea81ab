package io.gojinn.proxy.observe;

import java.util.Arrays;

/**
 * Writes JSON objects, a line each, into blocks of bytes. Output is ASCII and everything else is escaped, so that no value can
 * end its line or drive a terminal. A line that does not fit into its block is left out as a whole. Not thread-safe.
 */
final class JsonLine {
    private static final byte[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
    private static final int ESCAPE_BYTES = 6;
    private static final int MAX_NUMBER_BYTES = 24;

    private final int maxValueChars;
    private byte[] block = {};
    private int lineAt;
    private int at;
    private boolean overflown;

    /**
     * A writer that needs a block first.
     *
     * @param maxValueChars what is written of a string, at most
     */
    JsonLine(int maxValueChars) {
        this.maxValueChars = maxValueChars;
    }

    /** A string as it is written, for {@link #text}. */
    static byte[] string(String value, int maxValueChars) {
        JsonLine line = new JsonLine(maxValueChars);
        line.startIn(new byte[2 + ESCAPE_BYTES * Math.min(value.length(), maxValueChars)]);
        line.add(new byte[0], value);
        return Arrays.copyOf(line.block, line.at);
    }

    /** Writes into this block from now on. */
    void startIn(byte[] next) {
        block = next;
        lineAt = 0;
    }

    /** How many bytes of whole lines are in the block. */
    int length() {
        return lineAt;
    }

    /** Begins a line with nothing in it. */
    JsonLine begin() {
        at = lineAt;
        overflown = false;
        return this;
    }

    /** Adds bytes as they are. */
    JsonLine text(byte[] ascii) {
        if (hasRoom(ascii.length)) {
            System.arraycopy(ascii, 0, block, at, ascii.length);
            at += ascii.length;
        }
        return this;
    }

    /** Puts a number below 1,000 with leading zeros over what was added at this place of the line. */
    JsonLine threeDigitsAt(int place, int number) {
        if (!overflown) {
            thousandths(number, lineAt + place);
        }
        return this;
    }

    /** Adds the id of a trace after its name. */
    JsonLine add(byte[] name, TraceContext trace) {
        text(name);
        if (hasRoom(2 + TraceContext.TRACE_ID_CHARS)) {
            block[at++] = '"';
            trace.writeTraceId(block, at);
            at += TraceContext.TRACE_ID_CHARS;
            block[at++] = '"';
        }
        return this;
    }

    /** Adds a string after its name. */
    JsonLine add(byte[] name, String value) {
        text(name);
        int length = Math.min(value.length(), maxValueChars);
        if (hasRoom(2 + ESCAPE_BYTES * length)) {
            block[at++] = '"';
            escaped(value, length);
            block[at++] = '"';
        }
        return this;
    }

    /** Adds a number after its name; a negative one is 0. */
    JsonLine add(byte[] name, long number) {
        text(name);
        if (hasRoom(MAX_NUMBER_BYTES)) {
            digits(Math.max(0, number));
        }
        return this;
    }

    /** Adds milliseconds with three decimals after their name. */
    JsonLine addMillis(byte[] name, long nanos) {
        text(name);
        if (hasRoom(MAX_NUMBER_BYTES)) {
            long micros = Math.max(0, nanos) / 1000;
            digits(micros / 1000);
            block[at++] = '.';
            thousandths((int) (micros % 1000), at);
            at += 3;
        }
        return this;
    }

    /** Closes the object and the line; false when it did not fit, then nothing of it stays. */
    boolean end() {
        if (!hasRoom(2)) {
            return false;
        }
        block[at++] = '}';
        block[at++] = '\n';
        lineAt = at;
        return true;
    }

    private boolean hasRoom(int bytes) {
        overflown |= block.length - at < bytes;
        return !overflown;
    }

    private void escaped(String value, int length) {
        byte[] out = block;
        int to = at;
        for (int i = 0; i < length; i++) {
            char c = value.charAt(i);
            if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
                out[to++] = (byte) c;
            } else {
                out[to++] = '\\';
                out[to++] = 'u';
                out[to++] = HEX[c >> 12];
                out[to++] = HEX[c >> 8 & 0xf];
                out[to++] = HEX[c >> 4 & 0xf];
                out[to++] = HEX[c & 0xf];
            }
        }
        at = to;
    }

    private void digits(long number) {
        int end = at + 1;
        for (long rest = number / 10; rest > 0; rest /= 10) {
            end++;
        }
        long rest = number;
        for (int i = end - 1; i >= at; i--) {
            block[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        at = end;
    }

    private void thousandths(int number, int from) {
        block[from] = (byte) ('0' + number / 100);
        block[from + 1] = (byte) ('0' + number / 10 % 10);
        block[from + 2] = (byte) ('0' + number % 10);
    }
}
