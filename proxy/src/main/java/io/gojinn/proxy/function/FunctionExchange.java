package io.gojinn.proxy.function;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.CollectedBody;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.Tenant;
import io.gojinn.runtime.contract.RequestEnvelope;
import io.gojinn.runtime.contract.ResponseEnvelope;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/**
 * One exchange answered by a function: the body is collected to its limit, then handed over whole, and the outcome comes
 * back. Confined to the exchange's event loop; what crosses to the worker is the {@link FunctionCall}.
 */
final class FunctionExchange implements Activity {
    private final Exchange exchange;
    private final FunctionInvoker function;
    private final CollectedBody body = new CollectedBody();

    private FunctionInvoker.@Nullable Execution execution;
    private boolean called;
    private boolean gone;

    FunctionExchange(Exchange exchange, FunctionInvoker function) {
        this.exchange = exchange;
        this.function = function;
    }

    @Override
    public void start() {
        if (exchange.contentLength() > function.limits().maxBodyBytes()) {
            tooLarge();
        } else {
            exchange.wantBody(true);
        }
    }

    @Override
    public void bodyReceived(HttpContent content) {
        boolean last = content instanceof LastHttpContent;
        int bytes = content.content().readableBytes();
        body.add(content.content(), exchange.allocator());
        if (body.bytes() > function.limits().maxBodyBytes()) {
            tooLarge();
        } else if (!exchange.collect(bytes)) {
            body.release();
            exchange.fail(new Failure.Client(ClientFault.COLLECTED_LIMIT, "with the other streams"));
        } else if (last) {
            call();
        }
    }

    private void tooLarge() {
        body.release();
        exchange.fail(new Failure.Client(
                ClientFault.BODY_LIMIT, "more than " + function.limits().maxBodyBytes() + " bytes"));
    }

    private void call() {
        called = true;
        Tenant tenant = exchange.tenant();
        RequestEnvelope envelope = Envelopes.of(exchange, tenant, body.views(), null);
        execution = FunctionCall.start(
                exchange, function, tenant, Invocation.Phase.HANDLER, envelope, body, this::completed);
    }

    /** Takes the outcome, on the exchange's event loop; the call's memory is released when this returns. */
    private void completed(FunctionCall call, Outcome outcome) {
        if (gone) {
            return;
        }
        exchange.fuel(outcome.usage().fuel());
        switch (outcome) {
            case Outcome.Replied replied -> {
                ResponseEnvelope response = replied.response();
                exchange.reply(response.status(), Fields.of(response.headers()), call.body(response));
            }
            case Outcome.Passed passed -> exchange.fail(new Failure.Host("a handler that lets requests pass"));
            case Outcome.Failed failed -> exchange.fail(new Failure.Function(failed.failure(), failed.detail()));
        }
    }

    @Override
    public void writabilityChanged() {
        // The whole answer is one write.
    }

    @Override
    public void cancelled() {
        gone = true;
        if (!called) {
            body.release();
        } else if (execution != null) {
            execution.cancel();
        }
    }
}
