package io.gojinn.proxy.shed;

import io.gojinn.proxy.middleware.MiddlewareKind;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many requests may be open at once, learned from how long they take. Thread-safe.
 *
 * <p>A server that has as much as it can do answers more slowly with every further request, and no more of them: beyond that
 * point they only wait. So the limit is moved, a window of a tenth of a second or as long as answers take, to where answers take
 * {@code tolerance} times as long as they do without a queue:
 *
 * <ul>
 *   <li>It shrinks by as much as answers are slower than tolerated, to half at most, and grows by its square root, so that there
 *       is always a small queue to fill gaps. It grows only when it is made use of.
 *   <li>Until answers are too slow for the first time it is anybody's guess. Meanwhile it grows to {@code tolerance}
 *       times what is open at once without a queue: how many answers come in a time, times how long they take (Little's law).
 *       When they are too slow that is where it goes in one step, before much has piled up.
 *   <li>The time without a queue, the base, is the least mean of a window. It follows what is measured slowly while the limit
 *       is far away. When requests have been refused for long nothing is measured without a queue: then, for two windows,
 *       so few are let through that the queue empties, and what the second window shows is the base from then on. A base that
 *       would rise is looked at for three windows, and the least of them counts.
 * </ul>
 *
 * <p>The idea is that of gradient limits (Netflix concurrency-limits, Envoy's adaptive concurrency filter) and, for the base, of
 * the probes of BBR. Counting is a few atomic steps a request; a window is closed by whoever comes first when its time is over.
 */
final class AdaptiveLimit {
    private static final long WINDOW_NANOS = 100_000_000;
    // What a window needs to say anything, unless it has lasted for ten.
    private static final int LEAST_SAMPLES = 10;
    private static final long PROBE_INTERVAL_NANOS = 5_000_000_000L;
    // Below what a server does without a queue: the limit stands at somewhat more than tolerance times that.
    private static final double PROBE_DEPTH = 1.5;
    // More than this is measured again, so often at most.
    private static final double BASE_RISES = 1.25;
    private static final int MOST_PROBES = 3;
    private static final double BASE_FOLLOWS = 0.02;

    private final MiddlewareKind.Shedding config;
    private final AtomicInteger active = new AtomicInteger();
    private final LongAdder samples = new LongAdder();
    private final LongAdder sampledNanos = new LongAdder();
    private final AtomicBoolean closing = new AtomicBoolean();
    private volatile int limit;
    private volatile boolean refused;
    private volatile long windowEndNanos;
    // Of whoever closes a window, published by closing.
    private long windowStartNanos;
    private double smooth;
    private double baseNanos;
    private long baseKnownNanos;
    private boolean everShrunk;
    private Probe probe = Probe.NONE;
    private int probes;
    private double probedNanos;

    /** Where a probe of the base stands. */
    private enum Probe {
        NONE,
        EMPTYING,
        MEASURING
    }

    AdaptiveLimit(MiddlewareKind.Shedding config, long nowNanos) {
        this.config = config;
        this.smooth = config.initial();
        this.limit = config.initial();
        this.windowStartNanos = nowNanos;
        this.windowEndNanos = nowNanos + WINDOW_NANOS;
        this.baseKnownNanos = nowNanos;
    }

    /** Lets a request through, to be counted out by one of the other calls, or refuses it. */
    boolean enter() {
        if (active.incrementAndGet() <= limit) {
            return true;
        }
        active.decrementAndGet();
        refused = true;
        return false;
    }

    /** A request has ended that says nothing of the time that answers take. */
    void leave() {
        active.decrementAndGet();
    }

    /** A request was answered, or given up, after so long. */
    void leave(long nanos, long nowNanos) {
        active.decrementAndGet();
        samples.increment();
        sampledNanos.add(nanos);
        if (nowNanos - windowEndNanos >= 0 && closing.compareAndSet(false, true)) {
            try {
                closeWindow(nowNanos);
            } finally {
                closing.set(false);
            }
        }
    }

    int limit() {
        return limit;
    }

    int active() {
        return active.get();
    }

    private void closeWindow(long nowNanos) {
        if (nowNanos - windowEndNanos < 0
                || (samples.sum() < LEAST_SAMPLES && nowNanos - windowStartNanos < 10 * WINDOW_NANOS)) {
            return;
        }
        long count = samples.sumThenReset();
        double meanNanos = Math.max(1, (double) sampledNanos.sumThenReset() / Math.max(1, count));
        double perNano = (double) count / (nowNanos - windowStartNanos);
        boolean full = refused;
        refused = false;
        switch (probe) {
            case NONE -> adapt(meanNanos, perNano, full, nowNanos);
            case EMPTYING -> {
                probe = Probe.MEASURING;
                probes = 0;
                probedNanos = Double.MAX_VALUE;
            }
            case MEASURING -> {
                probes++;
                probedNanos = Math.min(probedNanos, meanNanos);
                // A single slow window may be an accident, which would be believed until the next probe.
                if (probedNanos <= BASE_RISES * baseNanos || probes == MOST_PROBES) {
                    probe = Probe.NONE;
                    baseNanos = probedNanos;
                    baseKnownNanos = nowNanos;
                }
            }
        }
        if (probe == Probe.NONE && full && nowNanos - baseKnownNanos >= PROBE_INTERVAL_NANOS) {
            probe = Probe.EMPTYING;
        }
        limit = (int)
                switch (probe) {
                    case NONE -> smooth;
                    case EMPTYING, MEASURING -> Math.max(1, smooth / (config.tolerance() * PROBE_DEPTH));
                };
        windowStartNanos = nowNanos;
        // Answers that began before the limit moved say nothing of where it is now.
        windowEndNanos = nowNanos + Math.max(WINDOW_NANOS, (long) meanNanos);
    }

    private void adapt(double meanNanos, double perNano, boolean full, long nowNanos) {
        int open = active.get();
        if (baseNanos == 0 || meanNanos < baseNanos) {
            baseNanos = meanNanos;
        } else if (!full && open * 4 < limit) {
            baseNanos += BASE_FOLLOWS * (meanNanos - baseNanos);
            baseKnownNanos = nowNanos;
        }
        double gradient = Math.clamp(config.tolerance() * baseNanos / meanNanos, 0.5, 1);
        boolean used = full || open * 2 > limit;
        double next = smooth;
        if (!everShrunk) {
            // As many as are open while there is no queue (Little's law), and that times the tolerance.
            double enough = config.tolerance() * perNano * baseNanos;
            if (used) {
                next = gradient < 1 ? Math.min(smooth, enough) : Math.max(smooth, enough);
                everShrunk = gradient < 1;
            }
        } else if (used) {
            next = smooth * gradient + Math.sqrt(smooth);
        }
        // Otherwise answers are slow for another reason than this limit, if they are.
        smooth = Math.clamp(next, config.least(), config.most());
    }
}
