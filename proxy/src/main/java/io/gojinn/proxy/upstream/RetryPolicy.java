package io.gojinn.proxy.upstream;

import java.time.Duration;
import java.util.Set;

/**
 * When a request that failed is sent again, to another target if there is one.
 *
 * @param attempts the most a request is sent, the first time included; 1 sends nothing again
 * @param budget the most requests that are sent again, as a share of those of the last ten seconds
 * @param minimumPerSecond so many may be sent again each second, however few requests there are
 * @param backoff the longest wait before a request is sent again for the first time, doubled each time; the wait is random
 * @param statuses responses that are taken for failures of an idempotent request, of 502, 503 and 504
 * @param maxBodyBytes the largest body that is kept for another attempt
 */
public record RetryPolicy(
        int attempts, double budget, int minimumPerSecond, Duration backoff, Set<Integer> statuses, int maxBodyBytes) {
    private static final RetryPolicy DEFAULTS = new RetryPolicy(3, 0.2, 10, Duration.ofMillis(25), Set.of(), 64 << 10);

    public RetryPolicy {
        if (attempts < 1) {
            throw new IllegalArgumentException("attempts is " + attempts + ", expected at least 1");
        }
        statuses = Set.copyOf(statuses);
    }

    /** What holds for an upstream that names nothing else. */
    public static RetryPolicy defaults() {
        return DEFAULTS;
    }
}
