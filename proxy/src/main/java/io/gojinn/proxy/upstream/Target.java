package io.gojinn.proxy.upstream;

import io.gojinn.proxy.observe.LogLimit;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One server at one address, as all event loops see it: what it carries now and whether it is well.
 *
 * <p>Thread-safe. Every loop counts requests; only the control loop of the upstream changes the health, and what it writes
 * is read without a lock by the loops that choose.
 */
final class Target {
    /** What one of a configured weight counts, so that a share of it can be given. */
    static final int WEIGHT_UNIT = 100;

    private static final int LEAST_PERCENT = 10;

    private final UpstreamConfig.Target config;
    private final String label;
    private final SocketAddress address;
    private final long identity;
    private final String token;
    private final long slowStartNanos;
    private final AtomicInteger active = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicInteger serverErrors = new AtomicInteger();
    private final LogLimit unsolicitedLog = LogLimit.sparse();
    private volatile boolean passing = true;
    private volatile boolean ejected;
    private volatile boolean rising;
    // Published by rising.
    private long risingSinceNanos;
    // Of the control loop alone.
    private int ejections;
    private long ejectedAtNanos = System.nanoTime();

    /**
     * A target that is well.
     *
     * @param label unique within the upstream, for logs and the status
     * @param token what cookies name it by; empty where there are none
     */
    Target(UpstreamConfig.Target config, String label, SocketAddress address, String token, Duration slowStart) {
        this.config = config;
        this.label = label;
        this.address = address;
        this.identity = Hashing.of(label);
        this.token = token;
        this.slowStartNanos = slowStart.toNanos();
    }

    UpstreamConfig.Target config() {
        return config;
    }

    String label() {
        return label;
    }

    SocketAddress address() {
        return address;
    }

    /** The same for the same server in every process, so that all of them agree where a hash leads. */
    long identity() {
        return identity;
    }

    /** What cookies name it by; empty where there are none. */
    String token() {
        return token;
    }

    LogLimit unsolicitedLog() {
        return unsolicitedLog;
    }

    // What it carries.

    /** Requests that are with it. */
    int active() {
        return active.get();
    }

    /** Counts a request in, unless there are so many already. */
    boolean enter(int most) {
        if (active.incrementAndGet() <= most) {
            return true;
        }
        active.decrementAndGet();
        return false;
    }

    /** Counts a request out. */
    void leave() {
        active.decrementAndGet();
    }

    // Failures in a row.

    /** A response came that is no failure. */
    void succeeded() {
        // Reading is cheap for many, writing is not.
        if (failures.get() != 0) {
            failures.set(0);
        }
        if (serverErrors.get() != 0) {
            serverErrors.set(0);
        }
    }

    /** No response came. Tells how often in a row. */
    int failed() {
        return failures.incrementAndGet();
    }

    /** A response of 500 or above came. Tells how often in a row. */
    int serverError() {
        if (failures.get() != 0) {
            failures.set(0);
        }
        return serverErrors.incrementAndGet();
    }

    // Health.

    /** Whether it may be chosen. */
    boolean isAvailable() {
        return passing && !ejected;
    }

    boolean isPassing() {
        return passing;
    }

    boolean isEjected() {
        return ejected;
    }

    /** Whether its weight depends on the time. */
    boolean startsSlowly() {
        return slowStartNanos > 0;
    }

    /** Whether it has not got its whole share yet. */
    boolean isRising(long nowNanos) {
        return rising && nowNanos - risingSinceNanos < slowStartNanos;
    }

    /** The result of the checks. */
    void passing(boolean passes, long nowNanos) {
        passing = passes;
        if (passes) {
            rise(nowNanos);
        }
    }

    /** Takes it out, or back in. */
    void ejected(boolean out, long nowNanos) {
        failures.set(0);
        serverErrors.set(0);
        ejected = out;
        if (!out) {
            rise(nowNanos);
        }
    }

    /** How long it is to be out this time. On the control loop. */
    long ejectionNanos(EjectionPolicy policy, long nowNanos) {
        long maxNanos = policy.maxTime().toNanos();
        // What was long ago is forgotten.
        ejections = nowNanos - ejectedAtNanos > 2 * maxNanos ? 1 : ejections + 1;
        ejectedAtNanos = nowNanos;
        return Math.min(maxNanos, policy.baseTime().toNanos() * ejections);
    }

    /** Starts it slowly, from now on. */
    void rise(long nowNanos) {
        if (slowStartNanos > 0) {
            risingSinceNanos = nowNanos;
            rising = true;
        }
    }

    /** Its configured weight, in units. */
    int fullWeight() {
        return config.weight() * WEIGHT_UNIT;
    }

    /** Its weight now, in units: at least 1. */
    int weight(long nowNanos) {
        if (!rising) {
            return fullWeight();
        }
        long since = nowNanos - risingSinceNanos;
        if (since >= slowStartNanos) {
            return fullWeight();
        }
        long percent = Math.max(LEAST_PERCENT, since * 100 / slowStartNanos);
        return (int) (fullWeight() * percent / 100);
    }
}
