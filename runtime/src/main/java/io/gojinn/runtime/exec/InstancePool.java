package io.gojinn.runtime.exec;

import io.gojinn.runtime.sandbox.Sandbox;
import io.prometheus.client.Gauge;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Idle, pristine instances of one function; the most recently used is taken first. Thread-safe, bounded. */
final class InstancePool implements AutoCloseable {
    private record Idle(Sandbox instance, long sinceNanos) {}

    private final int bound;
    private final Gauge.Child size;
    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<Idle> idle = new ArrayDeque<>();
    private boolean closed;

    /**
     * No instances yet.
     *
     * @param size counted with others: a function that was replaced has a pool for as long as it is needed
     */
    InstancePool(int bound, Gauge.Child size) {
        this.bound = bound;
        this.size = size;
    }

    /** An idle instance, or null when there is none. */
    @Nullable
    Sandbox poll() {
        lock.lock();
        try {
            Idle first = idle.pollFirst();
            if (first == null) {
                return null;
            }
            size.dec();
            return first.instance;
        } finally {
            lock.unlock();
        }
    }

    /** Takes a pristine instance, or closes it when there is no room. */
    void offer(Sandbox instance) {
        lock.lock();
        try {
            if (!closed && idle.size() < bound) {
                idle.addFirst(new Idle(instance, System.nanoTime()));
                size.inc();
                return;
            }
        } finally {
            lock.unlock();
        }
        instance.close();
    }

    /** Closes what has been idle for longer than this, but keeps so many. */
    void evict(long idleNanos, int kept) {
        long now = System.nanoTime();
        Idle last;
        while ((last = pollOlderThan(now - idleNanos, kept)) != null) {
            last.instance.close();
        }
    }

    private @Nullable Idle pollOlderThan(long nanos, int kept) {
        lock.lock();
        try {
            Idle last = idle.peekLast();
            if (last == null || idle.size() <= kept || last.sinceNanos - nanos > 0) {
                return null;
            }
            idle.removeLast();
            size.dec();
            return last;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        evict(0, 0);
    }
}
