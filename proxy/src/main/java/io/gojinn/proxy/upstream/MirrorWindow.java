package io.gojinn.proxy.upstream;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many copies may be open at once. Thread-safe.
 *
 * <p>As many as are configured, while they are answered. Each one that is not halves the window, down to one, and each one that is
 * widens it by one: a target that has stalled costs a copy in each timeout, not a window full of copies, connections and
 * timers, and gets all of them again soon after it answers.
 */
final class MirrorWindow {
    private final int most;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger width;

    /** A window as wide as it may be. */
    MirrorWindow(int most) {
        this.most = most;
        this.width = new AtomicInteger(most);
    }

    /** Lets a copy in, which must leave by one of the other calls. */
    boolean enter() {
        // A look before the step: at a target that has stalled most requests come here in vain.
        if (open.get() >= width.get()) {
            return false;
        }
        if (open.incrementAndGet() <= width.get()) {
            return true;
        }
        open.decrementAndGet();
        return false;
    }

    /** A copy was answered. */
    void answered() {
        open.decrementAndGet();
        width.updateAndGet(wide -> Math.min(most, wide + 1));
    }

    /** A copy was sent, and not answered. */
    void failed() {
        open.decrementAndGet();
        width.updateAndGet(wide -> Math.max(1, wide / 2));
    }

    /** A copy was not sent after all. */
    void left() {
        open.decrementAndGet();
    }
}
