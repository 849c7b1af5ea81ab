package io.gojinn.proxy.upstream;

import java.time.Duration;
import java.util.List;

/**
 * A group of servers that answer the same requests, taken in turn.
 *
 * @param targets at least one
 * @param connectTimeout to establish a connection, TLS and the preface of HTTP/2 included
 * @param responseTimeout from the last byte of the request to the header section of the response, and between two pieces of
 *     the response
 * @param idleConnections the most unused connections kept per target and event loop
 * @param wire what is spoken with the targets
 */
public record UpstreamConfig(
        String name,
        List<Target> targets,
        Duration connectTimeout,
        Duration responseTimeout,
        int idleConnections,
        WireConfig wire) {
    public UpstreamConfig {
        targets = List.copyOf(targets);
        if (targets.isEmpty()) {
            throw new IllegalArgumentException("targets is empty, expected at least one");
        }
    }

    /** Whether a target is reached by TLS. */
    boolean speaksTls() {
        return targets.stream().anyMatch(Target::tls);
    }

    /**
     * A server.
     *
     * @param host a name or an address, an IPv6 one without brackets
     * @param tls whether it is reached by TLS
     */
    public record Target(String host, int port, boolean tls) {
        /** The value of a Host field that names it. */
        public String authority() {
            String literal = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
            return port == (tls ? 443 : 80) ? literal : literal + ":" + port;
        }
    }
}
