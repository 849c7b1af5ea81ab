package io.gojinn.proxy.listen;

import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * An address that accepts connections.
 *
 * @param address where to bind; port 0 picks a free one
 * @param tls present when the listener speaks HTTPS
 */
public record ListenerConfig(String name, InetSocketAddress address, Optional<TlsConfig> tls, ListenerLimits limits) {}
