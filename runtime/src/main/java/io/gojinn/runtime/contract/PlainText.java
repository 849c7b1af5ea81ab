package io.gojinn.runtime.contract;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Looks at eight bytes of a JSON string at a time for those that are not plain: quotation mark, backslash, controls and
 * everything beyond ASCII.
 *
 * <p>Words are little-endian whatever the order of the buffer, so the lowest byte of a word is the first of the text.
 */
final class PlainText {
    /** The bytes in a word. */
    static final int WORD_BYTES = Long.BYTES;

    private static final VarHandle WORD = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long EACH = 0x0101_0101_0101_0101L;
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;
    private static final long CONTROL_BITS = 0xe0e0_e0e0_e0e0_e0e0L;

    private PlainText() {}

    static long word(ByteBuffer source, int index) {
        return (long) WORD.get(source, index);
    }

    static void putWord(ByteBuffer target, int index, long word) {
        WORD.set(target, index, word);
    }

    /**
     * Marks bytes that are not plain by their highest bit. The lowest mark is exact; a subtraction's borrow can only put
     * false marks above a true one.
     */
    static long marks(long word) {
        long controls = word - 0x20 * EACH;
        long quotes = (word ^ '"' * EACH) - EACH;
        long backslashes = (word ^ '\\' * EACH) - EACH;
        return (word | controls | quotes | backslashes) & HIGH_BITS;
    }

    /** How many bytes more a word takes when what has to be escaped is escaped. */
    static int escapeBytes(long word) {
        int bytes = Long.bitCount(equal(word, '"') | equal(word, '\\'));
        long controls = zeros(word & CONTROL_BITS);
        if (controls != 0) {
            long named =
                    equal(word, '\b') | equal(word, '\t') | equal(word, '\n') | equal(word, '\f') | equal(word, '\r');
            bytes += (JsonWriter.LONGEST_ESCAPE - 1) * Long.bitCount(controls)
                    - (JsonWriter.LONGEST_ESCAPE - 2) * Long.bitCount(named);
        }
        return bytes;
    }

    private static long equal(long word, char ascii) {
        return zeros(word ^ ascii * EACH);
    }

    /** The highest bit of each byte that is zero, of no other. */
    private static long zeros(long word) {
        return ~((word & ~HIGH_BITS) + ~HIGH_BITS | word | ~HIGH_BITS);
    }

    /** How many bytes come before the first marked one; 8 when none is. */
    static int plainBytes(long marks) {
        return Long.numberOfTrailingZeros(marks) >>> 3;
    }
}
