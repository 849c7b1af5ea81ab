package io.gojinn.proxy.upstream;

import java.time.Duration;

/**
 * When a target that fails requests gets none for a while.
 *
 * @param failures so many requests in a row without a response: refused, reset, timed out; 0 never ejects for them
 * @param serverErrors so many responses of 500 and above in a row; 0 never ejects for them
 * @param baseTime how long the first ejection lasts; the next, when it follows soon, lasts a base time longer
 * @param maxTime the longest ejection
 * @param maxShare the largest share of the targets that is ejected at once
 */
public record EjectionPolicy(int failures, int serverErrors, Duration baseTime, Duration maxTime, double maxShare) {
    private static final EjectionPolicy DEFAULTS =
            new EjectionPolicy(5, 0, Duration.ofSeconds(10), Duration.ofMinutes(5), 0.5);

    /** What holds for an upstream that names nothing else. */
    public static EjectionPolicy defaults() {
        return DEFAULTS;
    }
}
