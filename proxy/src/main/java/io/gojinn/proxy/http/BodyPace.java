package io.gojinn.proxy.http;

/**
 * Whether a request body comes fast enough: patience that runs out while the next byte is the client's to send, and is won back
 * by what comes, never more than there was at first. While nobody wants the body, none is lost. Confined to one event loop.
 */
final class BodyPace {
    private static final long SECOND_NANOS = 1_000_000_000L;

    private final long fullNanos;
    private final int bytesPerSecond;
    private boolean running;
    // While it runs: when it will have run out.
    private long deadlineNanos;
    // While it does not.
    private long leftNanos;

    BodyPace(long fullNanos, int bytesPerSecond) {
        this.fullNanos = fullNanos;
        this.bytesPerSecond = bytesPerSecond;
        this.leftNanos = fullNanos;
    }

    boolean isRunning() {
        return running;
    }

    /** The next byte is the client's to send. */
    void start(long nowNanos) {
        if (!running) {
            running = true;
            deadlineNanos = nowNanos + leftNanos;
        }
    }

    /** Nobody waits for the client. */
    void stop(long nowNanos) {
        if (running) {
            running = false;
            leftNanos = Math.max(0, deadlineNanos - nowNanos);
        }
    }

    /** Bytes came. */
    void received(int bytes, long nowNanos) {
        long won = bytes * SECOND_NANOS / bytesPerSecond;
        if (running) {
            deadlineNanos = nowNanos + Math.min(fullNanos, deadlineNanos - nowNanos + won);
        } else {
            leftNanos = Math.min(fullNanos, leftNanos + won);
        }
    }

    /** When the patience has run out, in terms of {@link System#nanoTime}, while it runs. */
    long deadlineNanos() {
        return deadlineNanos;
    }
}
