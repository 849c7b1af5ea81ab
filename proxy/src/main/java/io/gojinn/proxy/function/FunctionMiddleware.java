package io.gojinn.proxy.function;

import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.runtime.FunctionInvoker;
import java.util.Set;

/** A function in the way of a route. Thread-safe. */
public final class FunctionMiddleware implements Middleware {
    private final FunctionInvoker function;
    private final MiddlewareKind.Call config;

    /** A middleware that calls this function. */
    public FunctionMiddleware(FunctionInvoker function, MiddlewareKind.Call config) {
        this.function = function;
        this.config = config;
    }

    @Override
    public Passage open(Exchange exchange) {
        return new FunctionPassage(exchange, function, config);
    }

    @Override
    public Set<String> ownedFields() {
        return config.owns();
    }
}
