package io.gojinn.proxy.middleware;

import java.time.Duration;

/**
 * Lets so many requests through in so much time.
 *
 * @param requests of one key, at most {@link #MOST_REQUESTS}
 * @param per at least a second
 * @param burst how many of them may come at once, at most all
 * @param keys how many are told apart at once; it takes 64 to 128 bytes for each, whether they are there or not
 */
public record RateRules(int requests, Duration per, int burst, LimitKey by, int keys) implements MiddlewareKind {
    /** So that the time a request weighs is exact to a thousandth, in nanoseconds. */
    public static final int MOST_REQUESTS = 1_000_000;

    public static final int DEFAULT_KEYS = 65_536;

    public RateRules {
        if (requests < 1 || requests > MOST_REQUESTS || per.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException(
                    requests + " in " + per + ", expected 1 to " + MOST_REQUESTS + " in at least a second");
        }
        if (burst < 1 || burst > requests || keys < 1) {
            throw new IllegalArgumentException(
                    "burst is " + burst + ", keys is " + keys + ", expected 1 to " + requests + " and at least 1");
        }
    }
}
