package io.gojinn.proxy.function;

import io.gojinn.proxy.http.Action;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.runtime.FunctionInvoker;

/** Answers exchanges with a function. */
public record FunctionAction(FunctionInvoker function) implements Action {
    @Override
    public Activity open(Exchange exchange) {
        return new FunctionExchange(exchange, function);
    }
}
