package io.gojinn.proxy.route;

import java.util.List;

/**
 * One route: the requests it takes and what is done with them.
 *
 * @param middleware names of what stands in the way of its action, the outermost first
 */
public record RouteConfig(String name, RouteMatch match, List<String> middleware, RouteAction action) {
    /** A route without middleware. */
    public RouteConfig(String name, RouteMatch match, RouteAction action) {
        this(name, match, List.of(), action);
    }

    public RouteConfig {
        middleware = List.copyOf(middleware);
    }
}
