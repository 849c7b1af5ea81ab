package io.gojinn.proxy;

import io.gojinn.proxy.function.FunctionMiddleware;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.RouteMiddleware;
import io.gojinn.proxy.middleware.MiddlewareConfig;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.route.RouteConfig;
import io.gojinn.runtime.FunctionInvoker;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes the middleware of a snapshot, each once however many routes name it. */
final class MiddlewareFactory {
    private final Map<String, Middleware> byName = new HashMap<>();

    MiddlewareFactory(
            List<MiddlewareConfig> config,
            Map<String, ? extends FunctionInvoker> functions,
            Map<String, Middleware> given) {
        byName.putAll(given);
        for (MiddlewareConfig middleware : config) {
            byName.put(middleware.name(), make(middleware, functions));
        }
    }

    private static Middleware make(MiddlewareConfig middleware, Map<String, ? extends FunctionInvoker> functions) {
        return switch (middleware.kind()) {
            case MiddlewareKind.Call call ->
                new FunctionMiddleware(
                        ProxyServer.named(functions, call.function(), "middleware " + middleware.name()), call);
        };
    }

    /** The middleware of a route, in its order. */
    RouteMiddleware of(RouteConfig route) {
        if (route.middleware().isEmpty()) {
            return RouteMiddleware.NONE;
        }
        List<Middleware> list = new ArrayList<>();
        for (String name : route.middleware()) {
            list.add(ProxyServer.named(byName, name, "route " + route.name()));
        }
        return new RouteMiddleware(list);
    }
}
