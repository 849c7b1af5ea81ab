package io.gojinn.proxy.listen;

import io.gojinn.proxy.address.ProxyTrust;
import io.gojinn.proxy.http.Http2Limits;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;

/**
 * An address that accepts connections.
 *
 * @param address where to bind; port 0 picks a free one
 * @param protocols at least one; chosen by ALPN under TLS, by what a client sends first without
 * @param tls present when the listener speaks HTTPS
 * @param limits of every connection
 * @param http2 further limits of HTTP/2 connections
 * @param tolerant whether some malformed requests of HTTP/1.1 are taken for what they say, rather than refused
 * @param trust which proxies in front of it are believed
 */
public record ListenerConfig(
        String name,
        InetSocketAddress address,
        Set<Protocol> protocols,
        Optional<TlsConfig> tls,
        ListenerLimits limits,
        Http2Limits http2,
        boolean tolerant,
        ProxyTrust trust) {
    /** What a listener speaks whose config does not say. */
    public static final Set<Protocol> ALL_PROTOCOLS = Set.of(Protocol.values());

    public ListenerConfig {
        protocols = Set.copyOf(protocols);
        if (protocols.isEmpty()) {
            throw new IllegalArgumentException("protocols is empty, expected at least one");
        }
    }
}
