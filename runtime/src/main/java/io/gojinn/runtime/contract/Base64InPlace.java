package io.gojinn.runtime.contract;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Base64 (RFC 4648, section 4) decoded over itself; padding may be left out. */
final class Base64InPlace {
    private static final byte[] VALUES = new byte[128];

    static {
        Arrays.fill(VALUES, (byte) -1);
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (int i = 0; i < alphabet.length(); i++) {
            VALUES[alphabet.charAt(i)] = (byte) i;
        }
    }

    private Base64InPlace() {}

    /**
     * Decodes a range to its own start.
     *
     * @param start absolute index of the first character
     * @return the decoded length, or minus one minus the index of the first character that does not belong
     */
    static int decode(ByteBuffer buffer, int start, int length) {
        int digits = length;
        for (int padding = 0; padding < 2 && length % 4 == 0 && digits > 0; padding++) {
            if (buffer.get(start + digits - 1) == '=') {
                digits--;
            }
        }
        int write = start;
        int bits = 0;
        for (int i = 0; i < digits; i++) {
            byte character = buffer.get(start + i);
            int value = character < 0 ? -1 : VALUES[character];
            if (value < 0) {
                return -1 - i;
            }
            bits = bits << 6 | value;
            // A quantum of four characters holds three bytes; each is complete with the second, third and fourth.
            int complete = i % 4;
            if (complete > 0) {
                buffer.put(write++, (byte) (bits >> (6 - 2 * complete)));
            }
        }
        return digits % 4 == 1 ? -1 - digits : write - start;
    }
}
