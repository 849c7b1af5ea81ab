package io.gojinn.runtime.sandbox;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The ranges of linear memory that are written anew after a request, whatever it did; all between them may be dropped. Right
 * for every set of ranges: the choice decides only what it costs.
 *
 * @param bounds start and end of each range in bytes, ascending
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record RestorePlan(long[] bounds) {
    /**
     * Ranges closer than so many pages are one, as are the start of memory and a first range that close to it: writing a
     * page takes 0.14 us, another system call 0.64 and an interrupt.
     */
    private static final int MAX_GAP_PAGES = 3;

    /** The plan that copies these pages. */
    static RestorePlan of(BitSet pages, int pageBytes) {
        long[] bounds = new long[pages.cardinality() * 2];
        int length = 0;
        int start = pages.nextSetBit(0);
        if (start > 0 && start <= MAX_GAP_PAGES) {
            start = 0;
        }
        while (start >= 0) {
            int end = pages.nextClearBit(start);
            int next = pages.nextSetBit(end);
            while (next >= 0 && next - end <= MAX_GAP_PAGES) {
                end = pages.nextClearBit(next);
                next = pages.nextSetBit(end);
            }
            bounds[length++] = (long) start * pageBytes;
            bounds[length++] = (long) end * pageBytes;
            start = next;
        }
        return new RestorePlan(Arrays.copyOf(bounds, length));
    }

    /** The plan that copies all. */
    static RestorePlan everything(long memoryBytes) {
        return new RestorePlan(new long[] {0, memoryBytes});
    }
}
