package io.gojinn.runtime.exec;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Hands waiting executions to workers: first come first served within a function, in turn between functions, so that a
 * busy function delays another by one execution and not by its whole queue. Bounded per function and in total; whoever does
 * not fit is told at once. Thread-safe; the lock is held for a few operations on queues.
 */
final class Scheduler {
    private final int bound;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final Deque<Lane> ready = new ArrayDeque<>();
    private int waiting;
    private int free;
    private boolean closed;

    /**
     * A scheduler.
     *
     * @param workers how many threads will take executions
     * @param bound the most executions that wait beyond what free workers are about to take
     */
    Scheduler(int workers, int bound) {
        this.bound = bound;
        this.free = workers;
    }

    /** The waiting and running executions of one function. Guarded by the scheduler's lock. */
    static final class Lane {
        private final int concurrency;
        private final int queue;
        private final Deque<AdmittedExecution> waiting = new ArrayDeque<>();
        private int running;
        private boolean listed;

        Lane(int concurrency, int queue) {
            this.concurrency = concurrency;
            this.queue = queue;
        }

        private boolean runnable() {
            return !waiting.isEmpty() && running < concurrency;
        }
    }

    /** Accepts an execution, or returns false when function or node is at its bound. Never blocks. */
    boolean submit(AdmittedExecution execution) {
        Lane lane = execution.function().lane();
        lock.lock();
        try {
            boolean full = lane.running + lane.waiting.size() >= (long) lane.concurrency + lane.queue
                    || waiting - free >= bound;
            if (full || closed) {
                return false;
            }
            lane.waiting.addLast(execution);
            waiting++;
            list(lane);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** The next execution to run; waits for one. Returns null when the scheduler is closed and empty. */
    @Nullable
    AdmittedExecution take() {
        lock.lock();
        try {
            while (ready.isEmpty()) {
                if (closed && waiting == 0) {
                    return null;
                }
                work.awaitUninterruptibly();
            }
            Lane lane = ready.removeFirst();
            lane.listed = false;
            AdmittedExecution execution = lane.waiting.removeFirst();
            waiting--;
            free--;
            lane.running++;
            list(lane);
            return execution;
        } finally {
            lock.unlock();
        }
    }

    /** A worker is done with an execution that it took. */
    void done(AdmittedExecution execution) {
        Lane lane = execution.function().lane();
        lock.lock();
        try {
            lane.running--;
            free++;
            list(lane);
            if (closed) {
                work.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes a cancelled execution out; false when a worker has it already. */
    boolean remove(AdmittedExecution execution) {
        Lane lane = execution.function().lane();
        lock.lock();
        try {
            if (!lane.waiting.remove(execution)) {
                return false;
            }
            waiting--;
            if (lane.listed && !lane.runnable()) {
                ready.remove(lane);
                lane.listed = false;
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** How many executions wait. */
    int waiting() {
        lock.lock();
        try {
            return waiting;
        } finally {
            lock.unlock();
        }
    }

    /** Accepts nothing more; workers end when what was accepted has been taken. */
    void close() {
        lock.lock();
        try {
            closed = true;
            work.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void list(Lane lane) {
        if (!lane.listed && lane.runnable()) {
            lane.listed = true;
            ready.addLast(lane);
            work.signal();
        }
    }
}
