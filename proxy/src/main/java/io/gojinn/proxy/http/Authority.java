package io.gojinn.proxy.http;

import io.netty.util.AttributeKey;

/** Which hosts a client may ask for on a TLS connection: not those that another certificate of the listener speaks for. */
public interface Authority {
    /** Where a channel has it; without one every host is fine. */
    AttributeKey<Authority> OF_CHANNEL = AttributeKey.valueOf(Authority.class, "gojinn");

    /** Whether the connection is one for a host, in lower case and without port (RFC 9110, 7.4). */
    boolean covers(String host);
}
