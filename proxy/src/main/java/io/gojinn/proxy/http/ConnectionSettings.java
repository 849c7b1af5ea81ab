package io.gojinn.proxy.http;

import io.gojinn.proxy.address.ProxyTrust;
import io.gojinn.proxy.observe.ListenerMetrics;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What the connections of one listener have in common.
 *
 * @param headerBytes the most that a header section may take
 * @param headerCount the most fields that it may have
 * @param bodyRate bytes a second of a request body, at least, after the header timeout; 0 for any
 * @param trust which proxies may say who asks
 * @param service what exchanges that begin now are served with
 * @param leaving whether the listener is about to end, and its connections with it
 */
public record ConnectionSettings(
        String listener,
        String scheme,
        int headerBytes,
        int headerCount,
        long headerTimeoutNanos,
        long idleTimeoutNanos,
        int bodyRate,
        Http2Limits http2,
        ProxyTrust trust,
        ListenerMetrics metrics,
        Supplier<Service> service,
        BooleanSupplier leaving) {}
