package io.gojinn.proxy.upstream;

import java.time.Duration;
import java.util.List;

/**
 * A group of servers that answer the same requests, taken in turn.
 *
 * @param targets at least one
 * @param connectTimeout to establish a connection
 * @param responseTimeout from the last byte of the request to the header section of the response, and between two pieces of
 *     the response
 * @param idleConnections the most unused connections kept per target and event loop
 */
public record UpstreamConfig(
        String name, List<Target> targets, Duration connectTimeout, Duration responseTimeout, int idleConnections) {
    public UpstreamConfig {
        targets = List.copyOf(targets);
        if (targets.isEmpty()) {
            throw new IllegalArgumentException("targets is empty, expected at least one");
        }
    }

    /** A server that speaks HTTP/1.1 in clear text. */
    public record Target(String host, int port) {
        /** The value of a Host field that names it. */
        public String authority() {
            String literal = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
            return port == 80 ? literal : literal + ":" + port;
        }
    }
}
