package io.gojinn.proxy.limit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * How much each of many keys has used of a quota, in a table that never grows. Thread-safe; what is known already is counted
 * without locks.
 *
 * <p>The generic cell rate algorithm (ITU-T I.371): of a key one time is kept, until when it would have to be silent for its
 * quota to be whole again. A request moves that time on by an interval, and is refused where it would be further away than the
 * whole burst. A key whose time has passed is in the state of one that was never seen, so forgetting it loses nothing.
 *
 * <p>A key is a hash; its high bits choose a bucket of eight. Where a bucket is full, the key makes room that loses least by
 * being forgotten: the one with the earliest time. Whoever is refused has the latest, and is the last to go: to have it
 * forgotten, seven other keys of the same bucket must be used up as far, and nobody can tell which keys those are.
 */
final class RateTable {
    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int WAYS = 8;
    // A bucket: its keys, 0 for none, then their times.
    private static final int BUCKET_CELLS = 2 * WAYS;
    private static final int LOCKS = 64;

    private final long intervalNanos;
    private final long burstNanos;
    private final long[] cells;
    private final int bucketMask;
    // For keys that come in, a bucket in one of them.
    private final Object[] locks = new Object[LOCKS];
    private final Runnable forgotten;

    /**
     * An empty table.
     *
     * @param keys so many fit: buckets are a quarter full then, so that hardly one overflows
     * @param forgotten told of each key that is forgotten before its quota is whole again; must not block
     */
    RateTable(long intervalNanos, int burst, int keys, Runnable forgotten) {
        this.forgotten = forgotten;
        this.intervalNanos = intervalNanos;
        this.burstNanos = intervalNanos * burst;
        int buckets = Integer.highestOneBit(Math.max(1, (keys - 1) / (WAYS / 4))) * 2;
        this.cells = new long[buckets * BUCKET_CELLS];
        this.bucketMask = buckets - 1;
        for (int i = 0; i < LOCKS; i++) {
            locks[i] = new Object();
        }
    }

    /** How long a request weighs. */
    long intervalNanos() {
        return intervalNanos;
    }

    /** How long a whole burst weighs. */
    long burstNanos() {
        return burstNanos;
    }

    /** The memory it takes, for good. */
    long bytes() {
        return (long) cells.length * Long.BYTES;
    }

    /**
     * Counts a request of a key, unless it is one too many.
     *
     * @param nowNanos later than 0; never much earlier than at another call
     * @return in how many nanoseconds the quota is whole again; negative when the request was refused: minus how many before
     *     one is not
     */
    long take(long key, long nowNanos) {
        long known = key == 0 ? 1 : key;
        int bucket = ((int) (known >>> 32) & bucketMask) * BUCKET_CELLS;
        while (true) {
            int at = find(bucket, known);
            if (at < 0) {
                at = enter(bucket, known, nowNanos);
            }
            long wholeNanos = (long) CELLS.getVolatile(cells, at + WAYS);
            // Its place may have gone to another key; a place is left before its time is changed.
            if ((long) CELLS.getVolatile(cells, at) != known) {
                continue;
            }
            long nextNanos = Math.max(wholeNanos, nowNanos) + intervalNanos;
            long aheadNanos = nextNanos - nowNanos;
            if (aheadNanos > burstNanos) {
                return burstNanos - aheadNanos;
            }
            if (CELLS.compareAndSet(cells, at + WAYS, wholeNanos, nextNanos)) {
                return aheadNanos;
            }
        }
    }

    private int find(int bucket, long key) {
        for (int at = bucket; at < bucket + WAYS; at++) {
            if ((long) CELLS.getVolatile(cells, at) == key) {
                return at;
            }
        }
        return -1;
    }

    // Under a lock, so that a key gets one place; it is held for a look at a bucket.
    private int enter(int bucket, long key, long nowNanos) {
        synchronized (locks[bucket / BUCKET_CELLS % LOCKS]) {
            int found = find(bucket, key);
            if (found >= 0) {
                return found;
            }
            int place = bucket;
            long earliest = Long.MAX_VALUE;
            for (int at = bucket; at < bucket + WAYS; at++) {
                long wholeNanos = (long) CELLS.getVolatile(cells, at + WAYS);
                if (wholeNanos < earliest) {
                    earliest = wholeNanos;
                    place = at;
                }
            }
            if (earliest > nowNanos) {
                forgotten.run();
            }
            CELLS.setVolatile(cells, place, 0L);
            CELLS.setVolatile(cells, place + WAYS, nowNanos);
            CELLS.setVolatile(cells, place, key);
            return place;
        }
    }
}
