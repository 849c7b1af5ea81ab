package io.gojinn.proxy.upstream;

import java.util.concurrent.atomic.LongAdder;

/**
 * How many requests may be sent again: a share of those of the last ten seconds, and a minimum. It bounds what retries add
 * to the load of an upstream that is in trouble already. Thread-safe.
 */
final class RetryBudget {
    static final int WINDOW_SECONDS = 10;

    private final double share;
    private final long minimum;
    private final LongAdder begun = new LongAdder();
    // The counts at the last so many seconds; the next slot to be written is the oldest.
    private final long[] begunAt = new long[WINDOW_SECONDS];
    private final long[] spentAt = new long[WINDOW_SECONDS];
    private int oldest;
    private long spent;

    RetryBudget(double share, int minimumPerSecond) {
        this.share = share;
        this.minimum = (long) minimumPerSecond * WINDOW_SECONDS;
    }

    /** A request began. */
    void began() {
        begun.increment();
    }

    /** Takes one; false when none is left. */
    synchronized boolean take() {
        long recent = begun.sum() - begunAt[oldest];
        if (spent - spentAt[oldest] >= minimum + (long) (share * recent)) {
            return false;
        }
        spent++;
        return true;
    }

    /** Another second has passed. */
    synchronized void tick() {
        begunAt[oldest] = begun.sum();
        spentAt[oldest] = spent;
        oldest = (oldest + 1) % WINDOW_SECONDS;
    }
}
