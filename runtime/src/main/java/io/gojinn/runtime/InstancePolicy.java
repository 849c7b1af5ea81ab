package io.gojinn.runtime;

import java.time.Duration;

/**
 * How the instances of one function are kept between requests.
 *
 * @param idle how long one may wait for its next request before it is closed, 1 ms to 1 day
 * @param warm how many are made when the function is prepared and kept however long they wait, 0 to 1,000
 */
public record InstancePolicy(Duration idle, int warm) {
    private static final Duration MOST_IDLE = Duration.ofDays(1);

    public InstancePolicy {
        if (idle.compareTo(Duration.ofMillis(1)) < 0 || idle.compareTo(MOST_IDLE) > 0) {
            throw new IllegalArgumentException("idle is " + idle + ", expected 1 ms to 1 day");
        }
        if (warm < 0 || warm > 1_000) {
            throw new IllegalArgumentException("warm is " + warm + ", expected 0 to 1000");
        }
    }

    /** A minute, and none made before the first request. */
    public static InstancePolicy defaults() {
        return new InstancePolicy(Duration.ofMinutes(1), 0);
    }
}
