package io.gojinn.proxy.limit;

import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** How many requests of each key are active. A key is known while one is, and only so many keys are. Thread-safe. */
final class ActiveTable {
    private final int most;
    private final int mostKeys;
    private final ConcurrentHashMap<Long, Integer> counts = new ConcurrentHashMap<>();
    private final AtomicInteger keys = new AtomicInteger();

    /** A table without active requests. */
    ActiveTable(int most, int mostKeys) {
        this.most = most;
        this.mostKeys = mostKeys;
    }

    /** Counts a request until {@link #leave}; false when its key has as many as it may, or when too many keys are active. */
    boolean enter(long key) {
        // Beyond the limit by one for a moment, so that one step tells.
        int count = Objects.requireNonNull(counts.merge(key, 1, Integer::sum));
        boolean tooManyKeys = count == 1 && keys.incrementAndGet() > mostKeys;
        if (tooManyKeys || count > most) {
            leave(key);
            return false;
        }
        return true;
    }

    /** A request that was counted has ended. */
    void leave(long key) {
        if (counts.computeIfPresent(key, (same, count) -> count == 1 ? null : count - 1) == null) {
            keys.decrementAndGet();
        }
    }

    int keys() {
        return keys.get();
    }
}
