package io.gojinn.proxy.middleware;

/**
 * A middleware that routes name.
 *
 * @param name in routes and logs; unique
 */
public record MiddlewareConfig(String name, MiddlewareKind kind) {}
