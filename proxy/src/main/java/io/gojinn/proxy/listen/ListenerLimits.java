package io.gojinn.proxy.listen;

import java.time.Duration;

/**
 * What a peer may make a listener hold.
 *
 * @param connections open connections at once; a further one is closed at accept
 * @param addressConnections the same of one client address, of IPv6 of one /64; trusted proxies may have more
 * @param headerBytes the request line and all fields of one request, together
 * @param headerCount the fields of one request
 * @param headerTimeout from the first byte of a request (or the accept) to the end of its header section
 * @param idleTimeout how long a keep-alive connection may be silent between requests, or a peer make no progress in one
 * @param bodyRate bytes a second that a request body must come with, once the header timeout is used up; 0 for any
 */
public record ListenerLimits(
        int connections,
        int addressConnections,
        int headerBytes,
        int headerCount,
        Duration headerTimeout,
        Duration idleTimeout,
        int bodyRate) {
    private static final int DEFAULT_ADDRESS_CONNECTIONS = 1_000;
    private static final int DEFAULT_BODY_RATE = 200;

    /** Limits that say nothing of single addresses and slow bodies. */
    public ListenerLimits(
            int connections, int headerBytes, int headerCount, Duration headerTimeout, Duration idleTimeout) {
        this(
                connections,
                DEFAULT_ADDRESS_CONNECTIONS,
                headerBytes,
                headerCount,
                headerTimeout,
                idleTimeout,
                DEFAULT_BODY_RATE);
    }

    /** What a listener gets whose config names no limit. */
    public static ListenerLimits defaults() {
        return new ListenerLimits(10_000, 32 << 10, 100, Duration.ofSeconds(10), Duration.ofSeconds(60));
    }
}
