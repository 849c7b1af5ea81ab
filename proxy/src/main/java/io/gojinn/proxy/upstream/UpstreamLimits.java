package io.gojinn.proxy.upstream;

import java.time.Duration;

/**
 * How much of an upstream is used at once, over all event loops.
 *
 * @param requests the most requests at once
 * @param targetRequests the most requests at once to one target
 * @param queue the most requests that wait for their turn
 * @param queueTimeout the longest wait
 */
public record UpstreamLimits(int requests, int targetRequests, int queue, Duration queueTimeout) {
    private static final UpstreamLimits DEFAULTS = new UpstreamLimits(10_000, 10_000, 1_000, Duration.ofSeconds(1));

    public UpstreamLimits {
        if (requests < 1 || targetRequests < 1 || queue < 0) {
            throw new IllegalArgumentException("requests, targetRequests and queue are " + requests + ", "
                    + targetRequests + " and " + queue + ", expected at least 1, 1 and 0");
        }
    }

    /** What holds for an upstream that names nothing else. */
    public static UpstreamLimits defaults() {
        return DEFAULTS;
    }
}
