package io.gojinn.proxy.http;

import io.gojinn.proxy.observe.Metrics;
import io.gojinn.proxy.observe.RouteMetrics;
import io.gojinn.proxy.route.Router;

/**
 * What exchanges are served with. Immutable; an exchange keeps the one it began with.
 *
 * @param unrouted metrics of requests that no route takes
 */
public record Service(Router<Route> router, Metrics metrics, RouteMetrics unrouted) {}
