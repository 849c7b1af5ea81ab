package io.gojinn.runtime.exec;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Shares the processors among long executions: as many run at a time as there are turns, and hand over to those who wait
 * every millisecond or so. Who has waited goes on in the order of what its function has used, least first (start-time fair
 * queueing), so that a function gets no more by running more executions. Thread-safe; the lock is held while a list bounded by
 * the number of background workers is looked through.
 */
final class Turns {
    /** Long against handing over, which costs some ten microseconds; short against a deadline. */
    private static final long QUANTUM_NANOS = 1_000_000;

    /**
     * How long a thread waits without looking. Being unparked is lost on one that meanwhile waits for something else, as loading
     * a class may, so the loop that looks and parks touches nothing new, and this bounds what is overlooked.
     */
    private static final long LOOK_NANOS = 50_000_000;

    static {
        @SuppressWarnings("unused")
        Class<?> loaded = LockSupport.class;
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final List<Turn> waiting = new ArrayList<>();
    private int free;

    // What the function served last had used: nobody can have saved up from before.
    private long floorNanos;

    Turns(int atOnce) {
        free = atOnce;
    }

    /** A place for the calling thread. */
    Turn turn() {
        return new Turn();
    }

    /** What a function has used. Guarded by the lock. */
    static final class Account {
        private long usedNanos;
    }

    /** One worker's place among those who run or wait. Used by that worker. */
    final class Turn {
        private final Thread thread = Thread.currentThread();
        private Account account = new Account();

        // Written under the lock, by whoever hands over as well.
        private volatile boolean held;

        private long sinceNanos;

        /**
         * Waits for the turn.
         *
         * @param payer whose account is charged
         * @param stopped whether to wait no longer; this thread is unparked when that changes
         * @param deadlineNanos until when it waits
         * @return false when it was stopped or the time was up; then there is no turn
         */
        boolean begin(Account payer, BooleanSupplier stopped, long deadlineNanos) {
            lock.lock();
            try {
                account = payer;
                account.usedNanos = Math.max(account.usedNanos, floorNanos);
                if (free > 0) {
                    free--;
                    held = true;
                    floorNanos = Math.max(floorNanos, account.usedNanos);
                    sinceNanos = System.nanoTime();
                    return true;
                }
                waiting.add(this);
            } finally {
                lock.unlock();
            }
            return await(stopped, deadlineNanos);
        }

        /** Goes on, after others where it is their turn. As {@link #begin}. */
        boolean next(BooleanSupplier stopped, long deadlineNanos) {
            long now = System.nanoTime();
            if (!held || now - sinceNanos < QUANTUM_NANOS) {
                return held;
            }
            lock.lock();
            try {
                charge(now);
                Turn next = leastServed();
                if (next == null || next.account.usedNanos > account.usedNanos) {
                    return true;
                }
                held = false;
                waiting.remove(next);
                waiting.add(this);
                give(next);
            } finally {
                lock.unlock();
            }
            return await(stopped, deadlineNanos);
        }

        /** Leaves it to others; nothing when there is none. */
        void end() {
            if (!held) {
                return;
            }
            lock.lock();
            try {
                charge(System.nanoTime());
                held = false;
                Turn next = leastServed();
                if (next == null) {
                    free++;
                } else {
                    waiting.remove(next);
                    give(next);
                }
            } finally {
                lock.unlock();
            }
        }

        private boolean await(BooleanSupplier stopped, long deadlineNanos) {
            while (!held) {
                long remaining = deadlineNanos - System.nanoTime();
                if ((stopped.getAsBoolean() || remaining <= 0) && withdrawn()) {
                    return false;
                }
                LockSupport.parkNanos(Turns.this, Math.min(remaining, LOOK_NANOS));
            }
            // Not since it was given: on a busy machine this thread may have had to wait for a processor.
            sinceNanos = System.nanoTime();
            return true;
        }

        private boolean withdrawn() {
            lock.lock();
            try {
                return waiting.remove(this);
            } finally {
                lock.unlock();
            }
        }

        private void charge(long now) {
            account.usedNanos += now - sinceNanos;
            sinceNanos = now;
        }
    }

    private void give(Turn turn) {
        turn.held = true;
        floorNanos = Math.max(floorNanos, turn.account.usedNanos);
        LockSupport.unpark(turn.thread);
    }

    private @Nullable Turn leastServed() {
        Turn least = null;
        for (Turn turn : waiting) {
            if (least == null || turn.account.usedNanos < least.account.usedNanos) {
                least = turn;
            }
        }
        return least;
    }
}
