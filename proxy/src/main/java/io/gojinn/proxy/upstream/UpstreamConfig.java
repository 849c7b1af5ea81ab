package io.gojinn.proxy.upstream;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

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
 * @param host what the targets get as Host
 */
public record UpstreamConfig(
        String name,
        List<Target> targets,
        Duration connectTimeout,
        Duration responseTimeout,
        int idleConnections,
        WireConfig wire,
        UpstreamPolicy policy,
        TunnelConfig tunnels,
        HostPolicy host) {
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

    /** An upstream whose targets get the Host of the client. */
    public UpstreamConfig(
            String name,
            List<Target> targets,
            Duration connectTimeout,
            Duration responseTimeout,
            int idleConnections,
            WireConfig wire,
            UpstreamPolicy policy,
            TunnelConfig tunnels) {
        this(
                name,
                targets,
                connectTimeout,
                responseTimeout,
                idleConnections,
                wire,
                policy,
                tunnels,
                new HostPolicy.OfClient());
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
     * @param socket the Unix domain socket that it listens on instead of a port, reached in clear text
     */
    public record Target(String host, int port, boolean tls, int weight, Optional<Path> socket) {
        /** The longest path of a socket: struct sockaddr_un has room for that and a NUL (unix(7)). */
        public static final int MAX_SOCKET_PATH_BYTES = 107;

        public Target {
            if (weight < 1 || weight > MAX_WEIGHT) {
                throw new IllegalArgumentException("weight is " + weight + ", expected 1 to " + MAX_WEIGHT);
            }
        }

        /** A server that listens on a port. */
        public Target(String host, int port, boolean tls, int weight) {
            this(host, port, tls, weight, Optional.empty());
        }

        /** A server that listens on a Unix domain socket. Its own name is {@code localhost}. */
        public static Target on(Path socket) {
            return new Target("localhost", 80, false, 1, Optional.of(socket));
        }

        /** A server that gets as much as any other. */
        public Target(String host, int port, boolean tls) {
            this(host, port, tls, 1);
        }

        /** The same server with another weight. */
        public Target weighing(int weight) {
            return new Target(host, port, tls, weight, socket);
        }

        /** What logs, metrics and the status call it. */
        public String label() {
            return socket.map(path -> "unix:" + path).orElseGet(this::authority);
        }

        /** The value of a Host field that names it. */
        public String authority() {
            String literal = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
            return port == (tls ? 443 : 80) ? literal : literal + ":" + port;
        }
    }
}
