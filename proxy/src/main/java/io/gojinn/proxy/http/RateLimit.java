package io.gojinn.proxy.http;

import java.util.concurrent.TimeUnit;

/**
 * At most so many at once, and as many again in ten seconds, evenly (the generic cell rate algorithm: one timestamp tells
 * until when what was taken is paid for). Confined to one event loop.
 */
final class RateLimit {
    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final long costNanos;
    private long spentUntilNanos;

    RateLimit(int most, long nowNanos) {
        this.costNanos = WINDOW_NANOS / most;
        this.spentUntilNanos = nowNanos;
    }

    /** Takes one; false when there was none left. */
    boolean take(long nowNanos) {
        if (spentUntilNanos - nowNanos < 0) {
            spentUntilNanos = nowNanos;
        }
        spentUntilNanos += costNanos;
        return spentUntilNanos - nowNanos <= WINDOW_NANOS;
    }

    /** Gives some back. */
    void give(int count) {
        spentUntilNanos -= count * costNanos;
    }
}
