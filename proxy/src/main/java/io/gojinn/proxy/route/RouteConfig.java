package io.gojinn.proxy.route;

/** One route: the requests it takes and what is done with them. */
public record RouteConfig(String name, RouteMatch match, RouteAction action) {}
