package io.gojinn.proxy.upstream;

import io.netty.channel.EventLoop;
import java.util.LinkedHashSet;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The turns of an upstream: so many requests are with it at once, so many wait, first come, first served; a further one is
 * told at once. Thread-safe; a request that need not wait costs one atomic operation at each end.
 */
final class Admission {
    private final int queueLimit;
    private final AtomicInteger active = new AtomicInteger();
    private final LinkedHashSet<Waiter> queue = new LinkedHashSet<>();
    private volatile int most;
    // At least the length of the queue; written under its lock before a waiter looks for a turn the last time, so that
    // one who leaves either leaves a turn to it or sees it.
    private volatile int waiting;

    Admission(int most, int queueLimit) {
        this.most = most;
        this.queueLimit = queueLimit;
    }

    /** One who waits for a turn, known by its identity. */
    interface Waiter {
        EventLoop loop();

        /** It is its turn. Called on its loop. */
        void admitted();
    }

    /** How a request came in. */
    enum Entry {
        ADMITTED,
        WAITING,
        FULL
    }

    /** Takes a turn, or a place in the queue. */
    Entry enter(Waiter waiter) {
        if (waiting == 0 && take()) {
            return Entry.ADMITTED;
        }
        synchronized (queue) {
            waiting = queue.size() + 1;
            if (queue.isEmpty() && take()) {
                waiting = 0;
                return Entry.ADMITTED;
            }
            if (queue.size() >= queueLimit) {
                waiting = queue.size();
                return Entry.FULL;
            }
            queue.add(waiter);
            return Entry.WAITING;
        }
    }

    /** Takes a turn if there is one for nobody who waits. */
    boolean tryEnter() {
        return waiting == 0 && take();
    }

    /** Gives up a place in the queue. False when there is none: the turn has come, and its owner is about to be told. */
    boolean withdraw(Waiter waiter) {
        synchronized (queue) {
            boolean waited = queue.remove(waiter);
            waiting = queue.size();
            return waited;
        }
    }

    /** Gives a turn back. */
    void leave() {
        active.decrementAndGet();
        if (waiting > 0) {
            admit();
        }
    }

    /** Changes how many turns there are. */
    void limit(int turns) {
        most = turns;
        admit();
    }

    int active() {
        return active.get();
    }

    int waiting() {
        synchronized (queue) {
            return queue.size();
        }
    }

    private void admit() {
        synchronized (queue) {
            while (!queue.isEmpty() && take()) {
                Waiter first = queue.removeFirst();
                waiting = queue.size();
                first.loop().execute(first::admitted);
            }
        }
    }

    private boolean take() {
        if (active.incrementAndGet() <= most) {
            return true;
        }
        active.decrementAndGet();
        return false;
    }
}
