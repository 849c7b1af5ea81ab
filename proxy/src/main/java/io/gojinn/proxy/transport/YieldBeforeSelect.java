package io.gojinn.proxy.transport;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets whoever else waits for this processor run before a loop that has nothing more to do sleeps. A client or an upstream on the
 * same machine answers meanwhile, and the loop goes on with all of that; had it slept, it would have been woken by the first answer, each
 * time from another processor.
 *
 * <p>Whoever runs may compute for long. So a yield may take a fifth of a millisecond on average; when yields take longer, the loop
 * sleeps at once for a time, as others do, which doubles as long as nothing changes. Confined to its loop.
 */
final class YieldBeforeSelect implements SelectStrategy {
    static final long USUAL_NANOS = TimeUnit.MICROSECONDS.toNanos(200);
    static final long MOST_LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(4);
    static final long SHORTEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(125);
    static final long LONGEST_REST_NANOS = TimeUnit.SECONDS.toNanos(8);
    private static final Logger LOG = LoggerFactory.getLogger(YieldBeforeSelect.class);

    private final LongSupplier clock;
    private final Runnable yield;
    // How much more than usual the last yields took together.
    private long lateNanos;
    private long restNanos = SHORTEST_REST_NANOS;
    private long restEndNanos;

    /** For one loop. */
    YieldBeforeSelect() {
        this(System::nanoTime, Thread::yield);
    }

    YieldBeforeSelect(LongSupplier clock, Runnable yield) {
        this.clock = clock;
        this.yield = yield;
        restEndNanos = clock.getAsLong();
    }

    @Override
    public int calculateStrategy(IntSupplier selectNow, boolean hasTasks) throws Exception {
        if (hasTasks) {
            return selectNow.get();
        }
        long beforeNanos = clock.getAsLong();
        if (beforeNanos - restEndNanos >= 0) {
            yield.run();
            long nowNanos = clock.getAsLong();
            yielded(nowNanos - beforeNanos, nowNanos);
        }
        return SELECT;
    }

    private void yielded(long tookNanos, long nowNanos) {
        lateNanos = Math.max(0, lateNanos + tookNanos - USUAL_NANOS);
        if (lateNanos > MOST_LATE_NANOS) {
            LOG.debug("yields take long, none for {} ms", TimeUnit.NANOSECONDS.toMillis(restNanos));
            restEndNanos = nowNanos + restNanos;
            restNanos = Math.min(2 * restNanos, LONGEST_REST_NANOS);
            // A single long one is enough for the next rest.
            lateNanos = MOST_LATE_NANOS - USUAL_NANOS;
        } else if (lateNanos == 0) {
            restNanos = SHORTEST_REST_NANOS;
        }
    }
}
