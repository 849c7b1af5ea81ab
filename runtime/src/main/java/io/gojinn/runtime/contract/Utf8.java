package io.gojinn.runtime.contract;

import java.nio.ByteBuffer;

/** Well-formed UTF-8 as the Unicode Standard defines it (table 3-7): no overlong forms, no surrogates. */
final class Utf8 {
    /** The verdict on a sequence that is not well-formed. */
    static final int MALFORMED = -1;

    /** The verdict on a sequence that ends before it can be judged. */
    static final int TRUNCATED = 0;

    private Utf8() {}

    /**
     * The length of the multi-byte sequence that starts at {@code index}.
     *
     * @param limit where readable bytes end
     * @return 2 to 4, {@link #TRUNCATED} or {@link #MALFORMED}
     */
    static int sequenceLength(ByteBuffer source, int index, int limit) {
        int lead = source.get(index) & 0xff;
        if (lead < 0xc2 || lead > 0xf4) {
            return MALFORMED;
        }
        int length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (limit - index < length) {
            return TRUNCATED;
        }
        int second = source.get(index + 1);
        if (!isContinuation(second)) {
            return MALFORMED;
        }
        if (length == 2) {
            return 2;
        }
        if (!isContinuation(source.get(index + 2))) {
            return MALFORMED;
        }
        // The first two bytes alone tell overlong forms, surrogates and code points past U+10FFFF.
        int start = lead << 6 | second & 0x3f;
        if (length == 3) {
            boolean overlong = start < (0xe0 << 6 | 0x20);
            boolean surrogate = start >> 5 == (0xed << 6 | 0x20) >> 5;
            return overlong || surrogate ? MALFORMED : 3;
        }
        if (start < (0xf0 << 6 | 0x10) || start >= (0xf4 << 6 | 0x10) || !isContinuation(source.get(index + 3))) {
            return MALFORMED;
        }
        return 4;
    }

    private static boolean isContinuation(int octet) {
        return (octet & 0xc0) == 0x80;
    }
}
