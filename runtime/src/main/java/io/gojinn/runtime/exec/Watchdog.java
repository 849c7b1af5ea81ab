package io.gojinn.runtime.exec;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Ends what runs past its deadline. One thread watches a slot for each worker; it sleeps until the earliest deadline and is
 * woken only for an earlier one, so that arming costs a few volatile accesses.
 */
final class Watchdog implements AutoCloseable {
    private static final long IDLE_NANOS = 1_000_000_000L;

    private final List<Slot> slots = new CopyOnWriteArrayList<>();
    private final Thread thread;
    private volatile boolean closed;

    // When the thread means to look again. Written by it alone, read by those who arm.
    private volatile long nextLookNanos = System.nanoTime();

    Watchdog() {
        thread = Thread.ofPlatform().name("gojinn-watchdog").daemon().unstarted(this::watch);
        thread.start();
    }

    /** A place for one thread's deadlines. */
    Slot slot() {
        Slot slot = new Slot();
        slots.add(slot);
        return slot;
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }

    private void watch() {
        while (!closed) {
            long now = System.nanoTime();
            long wait = look(now);
            // Announced, then looked once more: whoever arms now either sees this time or is seen by the second look.
            nextLookNanos = now + wait;
            wait = Math.min(wait, look(now));
            if (wait > 0) {
                LockSupport.parkNanos(this, wait);
            }
        }
    }

    /** Ends what is overdue and returns how long nothing else will be. */
    private long look(long now) {
        long wait = IDLE_NANOS;
        for (Slot slot : slots) {
            wait = Math.min(wait, slot.expireOrRemaining(now));
        }
        return wait;
    }

    /** One thread's current deadline. Armed and disarmed by that thread. */
    final class Slot implements AutoCloseable {
        private record Armed(long deadlineNanos, Runnable expiry) {}

        private final AtomicReference<@Nullable Armed> armed = new AtomicReference<>();

        /**
         * Watches from now on.
         *
         * @param expiry called once by the watchdog if the deadline passes first; must not block; it may come a moment after
         *     {@link #disarm}, so it has to find out by itself whether it is too late
         */
        void arm(long deadlineNanos, Runnable expiry) {
            armed.set(new Armed(deadlineNanos, expiry));
            if (deadlineNanos - nextLookNanos < 0) {
                LockSupport.unpark(thread);
            }
        }

        void disarm() {
            armed.set(null);
        }

        @Override
        public void close() {
            slots.remove(this);
        }

        private long expireOrRemaining(long now) {
            Armed current = armed.get();
            if (current == null) {
                return IDLE_NANOS;
            }
            long remaining = current.deadlineNanos - now;
            if (remaining > 0) {
                return remaining;
            }
            if (armed.compareAndSet(current, null)) {
                current.expiry.run();
            }
            return IDLE_NANOS;
        }
    }
}
