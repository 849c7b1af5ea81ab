package io.gojinn.proxy.upstream;

import java.time.Duration;
import java.util.List;

/**
 * A group of servers that answer the same requests.
 *
 * @param targets at least one
 * @param connectTimeout to establish a connection, TLS and the preface of HTTP/2 included
 * @param responseTimeout from the last byte of the request to the header section of the response
 * @param idleConnections the most unused connections kept per target and event loop
 * @param wire what is spoken with the targets; HTTP/1.1 alone where tunnels may be made
 * @param policy how targets are chosen, watched and spared
 * @param tunnels what may be spoken beyond HTTP
 */
public record UpstreamConfig(
        String name,
        List<Target> targets,
        Duration connectTimeout,
        Duration responseTimeout,
        int idleConnections,
        WireConfig wire,
        UpstreamPolicy policy,
        TunnelConfig tunnels) {
    /** The heaviest target. */
    public static final int MAX_WEIGHT = 1_000;

    public UpstreamConfig {
        targets = List.copyOf(targets);
        if (targets.isEmpty()) {
            throw new IllegalArgumentException("targets is empty, expected at least one");
        }
        if (!tunnels.upgrades().isEmpty()) {
            if (wire.protocol() == WireConfig.Protocol.H2) {
                throw new IllegalArgumentException("upgrades are of HTTP/1.1, and the protocol is h2");
            }
            wire = new WireConfig(WireConfig.Protocol.HTTP_1_1, wire.tls(), wire.http2());
        }
    }

    /** An upstream without a policy of its own and without tunnels. */
    public UpstreamConfig(
            String name,
            List<Target> targets,
            Duration connectTimeout,
            Duration responseTimeout,
            int idleConnections,
            WireConfig wire) {
        this(
                name,
                targets,
                connectTimeout,
                responseTimeout,
                idleConnections,
                wire,
                UpstreamPolicy.defaults(),
                TunnelConfig.NONE);
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
     * @param weight its share of the requests, against the weights of the others
     */
    public record Target(String host, int port, boolean tls, int weight) {
        public Target {
            if (weight < 1 || weight > MAX_WEIGHT) {
                throw new IllegalArgumentException("weight is " + weight + ", expected 1 to " + MAX_WEIGHT);
            }
        }

        /** A server that gets as much as any other. */
        public Target(String host, int port, boolean tls) {
            this(host, port, tls, 1);
        }

        /** The same server with another weight. */
        public Target weighing(int weight) {
            return new Target(host, port, tls, weight);
        }

        /** The value of a Host field that names it. */
        public String authority() {
            String literal = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
            return port == (tls ? 443 : 80) ? literal : literal + ":" + port;
        }
    }
}
