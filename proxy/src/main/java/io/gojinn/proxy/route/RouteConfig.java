package io.gojinn.proxy.route;

import java.util.List;
import java.util.Optional;

/**
 * One route: the requests it takes and what is done with them.
 *
 * @param middleware names of what stands in the way of its action, the outermost first
 * @param mirror left out, nobody else sees its requests
 */
public record RouteConfig(
        String name, RouteMatch match, List<String> middleware, RouteAction action, Optional<MirrorConfig> mirror) {
    /** A route without middleware. */
    public RouteConfig(String name, RouteMatch match, RouteAction action) {
        this(name, match, List.of(), action);
    }

    /** A route without a mirror. */
    public RouteConfig(String name, RouteMatch match, List<String> middleware, RouteAction action) {
        this(name, match, middleware, action, Optional.empty());
    }

    public RouteConfig {
        middleware = List.copyOf(middleware);
    }
}
