package io.gojinn.proxy.listen;

import java.time.Duration;

/**
 * What a peer may make a listener hold.
 *
 * @param connections open connections at once; a further one is closed at accept
 * @param headerBytes the request line and all fields of one request, together
 * @param headerCount the fields of one request
 * @param headerTimeout from the first byte of a request (or the accept) to the end of its header section
 * @param idleTimeout how long a keep-alive connection may be silent between requests, or a peer make no progress in one
 */
public record ListenerLimits(
        int connections, int headerBytes, int headerCount, Duration headerTimeout, Duration idleTimeout) {
    /** What a listener gets whose config names no limit. */
    public static ListenerLimits defaults() {
        return new ListenerLimits(10_000, 32 << 10, 100, Duration.ofSeconds(10), Duration.ofSeconds(60));
    }
}
