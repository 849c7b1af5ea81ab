package io.gojinn.proxy.upstream;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How bytes travel to the targets of an upstream.
 *
 * @param tls for targets that speak it
 * @param http2 for targets that speak it
 */
public record WireConfig(Protocol protocol, Tls tls, Http2 http2) {
    /** What is used when the config names nothing else. */
    public static WireConfig defaults() {
        return new WireConfig(Protocol.AUTO, Tls.defaults(), Http2.defaults());
    }

    /** The version of HTTP. */
    public enum Protocol {
        /** HTTP/2 or HTTP/1.1, as the target chooses by ALPN (RFC 7301); HTTP/1.1 in clear text. */
        AUTO("auto"),
        HTTP_1_1("http/1.1"),
        /** HTTP/2 and nothing else: by ALPN over TLS, by prior knowledge in clear text (RFC 9113, 3.3). */
        H2("h2");

        private final String id;

        Protocol(String id) {
            this.id = id;
        }

        /** As the config names it. */
        public String id() {
            return id;
        }
    }

    /**
     * TLS as a client speaks it. A target must show a certificate for its name, or for its address, that leads to a trusted
     * authority (RFC 9110, 4.3.4).
     *
     * @param authorities PEM files of those who are trusted; empty for the trust store of the Java runtime
     * @param serverName the name that is asked for (SNI) and verified; left out, the host of the target
     * @param identity what a target that asks for a certificate is shown
     * @param insecureSkipVerify whether any certificate will do: encrypted, but with nobody knows whom
     */
    public record Tls(
            List<Path> authorities,
            Optional<String> serverName,
            Optional<Identity> identity,
            boolean insecureSkipVerify) {
        public Tls {
            authorities = List.copyOf(authorities);
        }

        /** Every file that is loaded. */
        public List<Path> files() {
            List<Path> files = new ArrayList<>(authorities);
            identity.ifPresent(shown -> {
                files.add(shown.certificate());
                files.add(shown.key());
            });
            return files;
        }

        public static Tls defaults() {
            return new Tls(List.of(), Optional.empty(), Optional.empty(), false);
        }
    }

    /**
     * A client certificate with its key.
     *
     * @param certificate PEM, the leaf first
     * @param key PEM, PKCS #8, unencrypted
     */
    public record Identity(Path certificate, Path key) {}

    /**
     * What an HTTP/2 connection to a target carries and bears.
     *
     * @param streams requests at once, if the target takes as many (RFC 9113, 5.1.2); for more another connection is made
     * @param streamWindow bytes of a response that are held for a client that does not take them, 65,535 or more. The window of
     *     the connection is that of all its streams, so that one that waits never holds up another
     * @param controlFrames frames that carry no response, in ten seconds, of each kind
     * @param pingInterval how long a target may be silent while requests are with it before it is asked for a sign of life;
     *     left out, it is asked only when a request has timed out
     */
    public record Http2(int streams, int streamWindow, int controlFrames, Optional<Duration> pingInterval) {
        public static final int LEAST_WINDOW = 65_535;

        public Http2 {
            if (streamWindow < LEAST_WINDOW) {
                throw new IllegalArgumentException(
                        "streamWindow is " + streamWindow + ", expected at least " + LEAST_WINDOW);
            }
        }

        public static Http2 defaults() {
            return new Http2(100, 256 << 10, 1_000, Optional.empty());
        }
    }
}
