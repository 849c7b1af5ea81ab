package io.gojinn.proxy.http;

import io.gojinn.proxy.observe.RouteMetrics;

/**
 * A route that is ready to take exchanges.
 *
 * @param name in logs and metrics
 */
public record Route(String name, Action action, RouteMetrics metrics, RouteMiddleware middleware) {}
