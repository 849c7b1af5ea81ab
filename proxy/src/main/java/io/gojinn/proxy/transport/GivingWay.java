package io.gojinn.proxy.transport;

import io.gojinn.runtime.exec.KernelScheduling;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets whoever else waits for this processor run before a thread of short tasks, which has nothing more to do, sleeps. Clients, upstreams
 * and workers answer meanwhile, and the thread goes on with all of that; had it slept, it would have been woken by the first answer, each
 * time perhaps on another processor.
 *
 * <p>Whoever runs may compute for long, and has the processor until the next tick of the kernel, though it would have given it up at once to a
 * thread that wakes. So yields may be late by a hundredth of the time; when they are later, there are none for a while, which doubles as
 * long as that does not change. Confined to its thread, which has to have the slice of {@link
 * KernelScheduling#shortTasks}: a yield gives up what is left of it.
 */
final class GivingWay {
    /** What others may take for what they answer with; what goes beyond it is late. */
    static final long USUAL_NANOS = TimeUnit.MICROSECONDS.toNanos(500);

    /** Of the time: about one request of a hundred may meet a late yield. */
    static final long LATE_PART = 100;

    static final long MOST_LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(8);
    static final long SHORTEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(125);
    static final long LONGEST_REST_NANOS = TimeUnit.SECONDS.toNanos(8);
    private static final Logger LOG = LoggerFactory.getLogger(GivingWay.class);

    private final LongSupplier clock;
    private final Runnable yield;
    // How late yields were, but for what they may be.
    private long lateNanos;
    private long lastNanos;
    private long restNanos = SHORTEST_REST_NANOS;
    private long restEndNanos;

    /** For one thread. */
    GivingWay() {
        this(System::nanoTime, Thread::yield);
    }

    GivingWay(LongSupplier clock, Runnable yield) {
        this.clock = clock;
        this.yield = yield;
        lastNanos = clock.getAsLong();
        restEndNanos = lastNanos;
    }

    /** Lets others run, unless that took too long lately. To be called once, before the thread looks for the last time and sleeps. */
    void giveWay() {
        long beforeNanos = clock.getAsLong();
        if (beforeNanos - restEndNanos >= 0) {
            yield.run();
            long nowNanos = clock.getAsLong();
            yielded(nowNanos - beforeNanos, nowNanos);
        }
    }

    private void yielded(long tookNanos, long nowNanos) {
        lateNanos = Math.max(0, lateNanos - (nowNanos - lastNanos) / LATE_PART);
        lastNanos = nowNanos;
        if (lateNanos == 0) {
            restNanos = SHORTEST_REST_NANOS;
        }
        lateNanos += Math.max(0, tookNanos - USUAL_NANOS);
        if (lateNanos > MOST_LATE_NANOS) {
            LOG.debug("yields take long, none for {} ms", TimeUnit.NANOSECONDS.toMillis(restNanos));
            // Of what has been late half is forgotten meanwhile: two more ticks are enough for the next rest.
            lateNanos = MOST_LATE_NANOS / 2;
            restEndNanos = nowNanos + restNanos;
            lastNanos = restEndNanos;
            restNanos = Math.min(2 * restNanos, LONGEST_REST_NANOS);
        }
    }
}
