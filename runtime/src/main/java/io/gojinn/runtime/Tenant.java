package io.gojinn.runtime;

/**
 * Whoever executions are done for: what it uses now and may use still. Thread-safe; its lock is held for a few operations.
 */
public final class Tenant {
    private static final double NANOS = 1e9;

    private final String name;
    private final TenantLimits limits;
    private int executions;
    private double requests;
    private double fuel;
    private long refilledNanos;

    /**
     * A tenant that uses nothing.
     *
     * @param name as functions are told; empty for those that nobody can be told apart from
     */
    public Tenant(String name, TenantLimits limits) {
        this.name = name;
        this.limits = limits;
        this.requests = limits.requestsPerSecond();
        this.fuel = limits.fuelPerSecond();
        this.refilledNanos = System.nanoTime();
    }

    /** As functions are told; empty when they are told nothing. */
    public String name() {
        return name;
    }

    /** What it may use. */
    public TenantLimits limits() {
        return limits;
    }

    /**
     * Begins an execution, or finds that too many are under way, or that the requests or the fuel are used up.
     *
     * @param ofNewRequest whether it takes one of the requests, being the first of its request
     */
    public synchronized Admission enter(long nowNanos, boolean ofNewRequest) {
        if (executions >= limits.concurrency()) {
            return Admission.TENANT_FULL;
        }
        boolean takesRequest = ofNewRequest && limits.requestsPerSecond() > 0;
        if (takesRequest || limits.fuelPerSecond() > 0) {
            refill(nowNanos);
        }
        if (takesRequest && requests < 1) {
            return Admission.TENANT_REQUESTS;
        }
        if (limits.fuelPerSecond() > 0 && fuel <= 0) {
            return Admission.TENANT_FUEL;
        }
        if (takesRequest) {
            requests--;
        }
        executions++;
        return Admission.ADMITTED;
    }

    /** Ends an execution that was admitted. */
    public synchronized void leave(long fuelUsed) {
        executions--;
        fuel -= fuelUsed;
    }

    /** How many executions are under way, waiting ones included. */
    public synchronized int executions() {
        return executions;
    }

    /** Whether forgetting it would give it nothing: nothing is under way, and nothing owed. */
    public synchronized boolean isIdle(long nowNanos) {
        refill(nowNanos);
        return executions == 0 && requests >= limits.requestsPerSecond() && fuel >= limits.fuelPerSecond();
    }

    private void refill(long nowNanos) {
        double seconds = (nowNanos - refilledNanos) / NANOS;
        if (seconds > 0) {
            requests = Math.min(limits.requestsPerSecond(), requests + seconds * limits.requestsPerSecond());
            double most = (double) limits.fuelPerSecond();
            fuel = Math.min(most, fuel + seconds * most);
            refilledNanos = nowNanos;
        }
    }
}
