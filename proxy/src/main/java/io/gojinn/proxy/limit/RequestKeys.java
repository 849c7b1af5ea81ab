package io.gojinn.proxy.limit;

import io.gojinn.proxy.address.AddressBlock;
import io.gojinn.proxy.address.IpLiteral;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.middleware.LimitKey;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * The keys by which a limit counts requests: hashes with secrets of its own, so that nobody can choose keys that collide, and
 * no API key is kept. Immutable.
 */
final class RequestKeys {
    private static final AsciiString API_KEY = AsciiString.cached("x-api-key");

    private final LimitKey by;
    private final KeyHash values = KeyHash.random();
    // With another secret, so that no value of a field is the key of an address.
    private final KeyHash clients = KeyHash.random();

    RequestKeys(LimitKey by) {
        this.by = by;
    }

    /** The key of a request. */
    long of(Exchange exchange) {
        HttpHeaders headers = exchange.request().headers();
        return switch (by) {
            case LimitKey.Client() -> client(exchange);
            case LimitKey.Header(String name) -> valueOrClient(headers.get(name), exchange);
            case LimitKey.ApiKey() -> {
                String given = headers.get(API_KEY);
                yield valueOrClient(given == null ? headers.get(HttpHeaderNames.AUTHORIZATION) : given, exchange);
            }
            case LimitKey.Route() -> values.of(exchange.route());
        };
    }

    private long valueOrClient(@Nullable String value, Exchange exchange) {
        return value == null ? client(exchange) : values.of(value);
    }

    private long client(Exchange exchange) {
        String address = exchange.clientAddress();
        if (address.indexOf(':') < 0) {
            return clients.of(address);
        }
        InetAddress parsed = IpLiteral.parse(address);
        return clients.of(
                parsed == null
                        ? address
                        : Long.toHexString(AddressBlock.of(parsed).prefix()));
    }
}
