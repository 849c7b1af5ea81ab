package io.gojinn.proxy.http;

import io.gojinn.proxy.observe.ListenerMetrics;
import java.util.function.Supplier;

/**
 * What the connections of one listener have in common.
 *
 * @param service what exchanges that begin now are served with
 */
public record ConnectionSettings(
        String listener,
        String scheme,
        long headerTimeoutNanos,
        long idleTimeoutNanos,
        ListenerMetrics metrics,
        Supplier<Service> service) {}
