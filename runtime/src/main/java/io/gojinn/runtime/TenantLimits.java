package io.gojinn.runtime;

/**
 * What the executions of one tenant may use together.
 *
 * @param concurrency the most executions at once, waiting ones included
 * @param requestsPerSecond the most requests a second, and in a burst; 0 for no limit
 * @param fuelPerSecond the most fuel a second; 0 for no limit. What an execution uses is known afterwards: a tenant may overdraw
 *     by what runs at once, and then waits until that is paid back
 */
public record TenantLimits(int concurrency, int requestsPerSecond, long fuelPerSecond) {
    public TenantLimits {
        if (concurrency < 1) {
            throw new IllegalArgumentException("concurrency is " + concurrency + ", expected at least 1");
        }
        if (requestsPerSecond < 0 || fuelPerSecond < 0) {
            throw new IllegalArgumentException("a rate below 0, expected at least 0");
        }
    }

    /** What a tenant gets whose config names no limit. */
    public static TenantLimits defaults() {
        return new TenantLimits(64, 0, 0);
    }
}
