package io.gojinn.proxy.observe;

import java.time.Duration;

/** Lets so many log lines of a kind through in each period and counts the others. Thread-safe. */
public final class LogLimit {
    /** What {@link #pass} says of a line that is not to be written. */
    public static final long HELD_BACK = -1;

    private final int lines;
    private final long periodNanos;
    private boolean begun;
    private long periodStartNanos;
    private int passed;
    private long heldBack;

    /** So many lines a period. */
    public LogLimit(int lines, Duration period) {
        this.lines = lines;
        this.periodNanos = period.toNanos();
    }

    /** Whether a line may be written: {@link #HELD_BACK}, or how many were held back since the last one. */
    public synchronized long pass() {
        long nowNanos = System.nanoTime();
        if (!begun || nowNanos - periodStartNanos >= periodNanos) {
            begun = true;
            periodStartNanos = nowNanos;
            passed = 0;
        }
        if (passed == lines) {
            heldBack++;
            return HELD_BACK;
        }
        passed++;
        long before = heldBack;
        heldBack = 0;
        return before;
    }

    /** One line in ten seconds. */
    public static LogLimit sparse() {
        return new LogLimit(1, Duration.ofSeconds(10));
    }
}
