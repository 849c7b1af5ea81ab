package io.gojinn.proxy.http;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One deadline that moves often and passes rarely. Confined to its event loop.
 *
 * <p>Moving it later, the common case, writes one field: the task that is already scheduled finds out when it runs. So a
 * request costs no entry in the loop's queue.
 */
public final class DeadlineTimer {
    private final EventLoop loop;
    private final Runnable expired;
    private boolean armed;
    private long deadlineNanos;
    private long scheduledNanos;
    private @Nullable Future<?> task;

    /** A timer without a deadline. */
    public DeadlineTimer(EventLoop loop, Runnable expired) {
        this.loop = loop;
        this.expired = expired;
    }

    /** Sets or moves the deadline, in terms of {@link System#nanoTime}. */
    public void set(long nanoTime) {
        armed = true;
        deadlineNanos = nanoTime;
        if (task == null) {
            schedule();
        } else if (nanoTime - scheduledNanos < 0) {
            task.cancel(false);
            schedule();
        }
    }

    /** Removes the deadline. */
    public void clear() {
        armed = false;
    }

    /** Removes the deadline and the task behind it, for good. */
    public void close() {
        armed = false;
        if (task != null) {
            task.cancel(false);
            task = null;
        }
    }

    private void schedule() {
        scheduledNanos = deadlineNanos;
        task = loop.schedule(this::run, Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    private void run() {
        task = null;
        if (!armed) {
            return;
        }
        if (deadlineNanos - System.nanoTime() > 0) {
            schedule();
        } else {
            armed = false;
            expired.run();
        }
    }
}
