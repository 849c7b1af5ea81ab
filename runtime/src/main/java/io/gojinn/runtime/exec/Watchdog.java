package io.gojinn.runtime.exec;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Ends what runs past its deadline, and kills what does not end by itself soon after. One thread watches a slot for each worker; it sleeps until the earliest deadline and is
 * woken only for an earlier one, so that arming costs a few volatile accesses.
 */
final class Watchdog implements AutoCloseable {
    private static final long IDLE_NANOS = 1_000_000_000L;

    /** How long a guest may take to notice that it has to end. Growing a large memory is the longest it cannot look. */
    private static final long GRACE_NANOS = 100_000_000L;

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
            wait = Math.min(wait, slot.look(now));
        }
        return wait;
    }

    /** One thread's current deadline. Armed and disarmed by that thread. */
    final class Slot implements AutoCloseable {
        private record Armed(AdmittedExecution execution, long deadlineNanos) {}

        private final AtomicReference<@Nullable Armed> armed = new AtomicReference<>();

        /** Watches from now on. The execution may be told a moment after {@link #disarm}, when it is over. */
        void arm(AdmittedExecution execution, long deadlineNanos) {
            armed.set(new Armed(execution, deadlineNanos));
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

        /** Returns when to look again. */
        private long look(long now) {
            Armed current = armed.get();
            if (current == null) {
                return IDLE_NANOS;
            }
            long late = now - current.deadlineNanos;
            if (late < 0) {
                return -late;
            }
            current.execution.expire();
            if (late < GRACE_NANOS) {
                return GRACE_NANOS - late;
            }
            if (armed.compareAndSet(current, null)) {
                current.execution.kill();
            }
            return IDLE_NANOS;
        }
    }
}
