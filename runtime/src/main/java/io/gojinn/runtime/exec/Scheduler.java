package io.gojinn.runtime.exec;

import io.gojinn.runtime.Admission;
import io.gojinn.runtime.Tenant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Hands waiting executions to workers: first come first served within a tenant of a function, in turn between tenants and between functions, so that a
 * busy function delays another by one execution and not by its whole queue. Functions whose executions have been long wait
 * for background workers, the others for foreground workers (foreground-background scheduling); of the background's places
 * a function gets no more than a multiple of what it leaves free, so that some always are (dynamic thresholds). Bounded per function and in
 * total; whoever does not fit is told at once. Thread-safe; the lock is held for a few operations on queues.
 *
 * <p>An execution that is submitted stays where it is until a worker comes by or {@link #wake} is called: waking a thread costs
 * about as much as a short execution, and who has read several requests at once needs to wake one thread for all of them. One
 * worker at a time is on its way; it wakes the next when it finds that there is more than it takes. The last to fall idle is the
 * first to be woken: its caches are warm.
 */
final class Scheduler {
    /** A single function gets four fifths of the background's places, of two each four ninths, and so on. */
    private static final int SHARE = 4;

    /** How long a worker waits without looking: bounds what is lost should a thread miss that it was woken. */
    private static final long LOOK_NANOS = 1_000_000_000;

    private final int foregroundPlaces;
    private final int backgroundPlaces;
    private final int bound;
    private final ReentrantLock lock = new ReentrantLock();
    private final Queue foreground = new Queue();
    private final Queue background = new Queue();
    private int waiting;
    private boolean closed;

    /**
     * A scheduler.
     *
     * @param foregroundPlaces how many short executions run at a time
     * @param backgroundPlaces how many long ones are under way at a time
     * @param bound the most executions that wait beyond what free places are about to take
     */
    Scheduler(int foregroundPlaces, int backgroundPlaces, int bound) {
        this.foregroundPlaces = foregroundPlaces;
        this.backgroundPlaces = backgroundPlaces;
        this.bound = bound;
    }

    /** Functions with something to run, and the workers that wait for it. Guarded by the scheduler's lock. */
    private static final class Queue {
        final Deque<Lane> ready = new ArrayDeque<>();
        final Deque<IdleWorker> idle = new ArrayDeque<>();
        int running;

        /** Whether a worker has been woken and has not come yet. */
        boolean waking;

        /** Whom to wake once the lock is free. */
        @Nullable
        Thread chosen;
    }

    /** A worker that waits. */
    private static final class IdleWorker {
        final Thread thread = Thread.currentThread();

        /** Set under the lock. */
        volatile boolean woken;
    }

    /** The waiting and running executions of one function. Guarded by the scheduler's lock. */
    static final class Lane {
        private final int concurrency;
        private final int queue;
        private final WaitingExecutions waiting = new WaitingExecutions();
        private int running;
        private int inBackground;
        private @Nullable Queue listed;

        Lane(int concurrency, int queue) {
            this.concurrency = concurrency;
            this.queue = queue;
        }

        /** How many more executions it takes now. */
        private long room() {
            return (long) concurrency + queue - running - waiting.size();
        }

        private boolean runnable() {
            return !waiting.isEmpty() && running < concurrency;
        }
    }

    /**
     * Accepts an execution, or says at whose bound it does not fit. Never blocks.
     *
     * <p>Of the places to wait, the function's and the node's, a tenant gets no more than it leaves free, so that some always
     * are: half of them when it is alone.
     */
    Admission submit(AdmittedExecution execution) {
        Lane lane = execution.function().lane();
        Tenant tenant = execution.tenant();
        lock.lock();
        try {
            int free = foregroundPlaces + backgroundPlaces - foreground.running - background.running;
            long nodeRoom = (long) bound - (waiting - free);
            if (closed || nodeRoom <= 0) {
                return Admission.NODE_FULL;
            }
            if (lane.room() <= 0) {
                return Admission.FUNCTION_FULL;
            }
            if (tenant != null) {
                if (lane.waiting.of(tenant) >= lane.room() || tenant.executions() - free >= nodeRoom) {
                    return Admission.TENANT_FULL;
                }
                Admission admission =
                        tenant.enter(System.nanoTime(), execution.invocation().isOfNewRequest());
                if (admission != Admission.ADMITTED) {
                    return admission;
                }
            }
            lane.waiting.addLast(execution);
            waiting++;
            list(lane, execution.function());
            return Admission.ADMITTED;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Makes sure that a worker comes for what was submitted. Never blocks. Called some time after each {@link #submit} that was
     * admitted, by whoever submitted.
     */
    void wake() {
        lock.lock();
        try {
            choose(foreground);
            choose(background);
        } finally {
            unlock();
        }
    }

    /** The next short execution; waits for one. Returns null when the scheduler is closed and nothing waits. */
    @Nullable
    AdmittedExecution takeForeground() {
        lock.lock();
        try {
            while (foreground.ready.isEmpty()) {
                if (closed && waiting == 0) {
                    return null;
                }
                await(foreground, LOOK_NANOS);
            }
            return take(foreground, foreground.ready.removeFirst());
        } finally {
            unlock();
        }
    }

    /**
     * The next long execution; waits for one. Returns null when the scheduler is closed and nothing waits, when the worker
     * was idle for so long and is not the last one that is, or at once when there are idle ones for all places of the
     * foreground: those that come from there would pile up otherwise.
     */
    @Nullable
    AdmittedExecution takeBackground(long idleNanos) {
        lock.lock();
        try {
            long idleUntilNanos = System.nanoTime() + idleNanos;
            Lane next;
            while ((next = nextInBackground()) == null) {
                int idle = background.idle.size();
                long remaining = idleUntilNanos - System.nanoTime();
                boolean surplus = (remaining <= 0 && idle > 0) || idle >= foregroundPlaces;
                if (surplus || (closed && waiting == 0)) {
                    return null;
                }
                await(background, remaining > 0 ? Math.min(remaining, LOOK_NANOS) : LOOK_NANOS);
            }
            background.ready.remove(next);
            next.inBackground++;
            return take(background, next);
        } finally {
            unlock();
        }
    }

    /** Waits without the lock until it is woken, or for so long. */
    private void await(Queue queue, long nanos) {
        IdleWorker self = new IdleWorker();
        queue.idle.push(self);
        unlock();
        long untilNanos = System.nanoTime() + nanos;
        long remaining = nanos;
        while (!self.woken && remaining > 0) {
            LockSupport.parkNanos(this, remaining);
            // Meant for an execution that this thread ran before; parking would end at once.
            Thread.interrupted();
            remaining = untilNanos - System.nanoTime();
        }
        lock.lock();
        if (self.woken) {
            queue.waking = false;
        } else {
            queue.idle.remove(self);
        }
    }

    /** Picks a worker to come for what is ready; it is woken when the lock is free, which it needs. */
    private void choose(Queue queue) {
        boolean hasWork = queue == foreground ? !foreground.ready.isEmpty() : nextInBackground() != null;
        if (!hasWork || queue.waking || queue.chosen != null || queue.idle.isEmpty()) {
            return;
        }
        IdleWorker chosen = queue.idle.pop();
        chosen.woken = true;
        queue.chosen = chosen.thread;
        // In the background each is woken for itself: it may wait long for a processor.
        queue.waking = queue == foreground;
    }

    private void unlock() {
        Thread first = foreground.chosen;
        Thread second = background.chosen;
        foreground.chosen = null;
        background.chosen = null;
        lock.unlock();
        LockSupport.unpark(first);
        LockSupport.unpark(second);
    }

    // Only functions that have a place already are passed over, so this ends soon.
    private @Nullable Lane nextInBackground() {
        int share = share();
        if (share == 0) {
            return null;
        }
        for (Iterator<Lane> lanes = background.ready.iterator(); lanes.hasNext(); ) {
            Lane lane = lanes.next();
            if (lane.inBackground < share) {
                return lane;
            }
        }
        return null;
    }

    private int share() {
        return SHARE * (backgroundPlaces - background.running);
    }

    private AdmittedExecution take(Queue queue, Lane lane) {
        lane.listed = null;
        AdmittedExecution execution = lane.waiting.removeFirst();
        waiting--;
        lane.running++;
        queue.running++;
        Queue listed = list(lane, execution.function());
        if (listed != null) {
            choose(listed);
        }
        choose(queue);
        return execution;
    }

    /** Whether a background worker waits for work. */
    boolean hasIdleBackground() {
        lock.lock();
        try {
            return !background.idle.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Whether another execution could go on in the background. */
    boolean hasBackgroundPlace() {
        lock.lock();
        try {
            return share() > 0;
        } finally {
            lock.unlock();
        }
    }

    /** Gives a running execution a place in the background; false when its function has its share of them. */
    boolean moveToBackground(AdmittedExecution execution) {
        Lane lane = execution.function().lane();
        lock.lock();
        try {
            if (lane.inBackground >= share()) {
                return false;
            }
            lane.inBackground++;
            background.running++;
            foreground.running--;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** A worker is done with an execution that it took, or moved. */
    void done(AdmittedExecution execution, boolean inBackground) {
        Lane lane = execution.function().lane();
        lock.lock();
        try {
            lane.running--;
            if (inBackground) {
                lane.inBackground--;
                background.running--;
                // A function that was over its share may not be any more.
                choose(background);
            } else {
                foreground.running--;
            }
            Queue listed = list(lane, execution.function());
            if (listed != null) {
                choose(listed);
            }
            if (closed) {
                wakeAll();
            }
        } finally {
            unlock();
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
            Queue listed = lane.listed;
            if (listed != null && !lane.runnable()) {
                listed.ready.remove(lane);
                lane.listed = null;
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** How many executions of a function wait. */
    int waiting(Lane lane) {
        lock.lock();
        try {
            return lane.waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /** How many executions of a function run. */
    int running(Lane lane) {
        lock.lock();
        try {
            return lane.running;
        } finally {
            lock.unlock();
        }
    }

    /** Whether nothing of a function waits or runs. */
    boolean isIdle(Lane lane) {
        lock.lock();
        try {
            return lane.running == 0 && lane.waiting.isEmpty();
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

    /** How many executions are under way in the background. */
    int inBackground() {
        lock.lock();
        try {
            return background.running;
        } finally {
            lock.unlock();
        }
    }

    /** Accepts nothing more; workers end when what was accepted has been taken. */
    void close() {
        lock.lock();
        try {
            closed = true;
            wakeAll();
        } finally {
            lock.unlock();
        }
    }

    private void wakeAll() {
        for (Queue queue : List.of(foreground, background)) {
            while (!queue.idle.isEmpty()) {
                IdleWorker idle = queue.idle.pop();
                idle.woken = true;
                LockSupport.unpark(idle.thread);
            }
        }
    }

    /** Notes that a function has something to run, and returns for whom; null when it had already, or has nothing. */
    private @Nullable Queue list(Lane lane, ScheduledFunction function) {
        if (lane.listed != null || !lane.runnable()) {
            return null;
        }
        Queue queue = function.isLong() ? background : foreground;
        lane.listed = queue;
        queue.ready.addLast(lane);
        return queue;
    }
}
