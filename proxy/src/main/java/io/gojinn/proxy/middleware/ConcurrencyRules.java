package io.gojinn.proxy.middleware;

/**
 * Lets so many requests through at once.
 *
 * @param requests of one key
 * @param keys how many may be active at once; those of a further one are refused
 */
public record ConcurrencyRules(int requests, LimitKey by, int keys) implements MiddlewareKind {
    public static final int DEFAULT_KEYS = 65_536;

    public ConcurrencyRules {
        if (requests < 1 || keys < 1) {
            throw new IllegalArgumentException(
                    "requests is " + requests + ", keys is " + keys + ", expected at least 1");
        }
    }
}
