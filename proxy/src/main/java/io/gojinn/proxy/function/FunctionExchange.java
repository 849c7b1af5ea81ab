package io.gojinn.proxy.function;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.contract.RequestEnvelope;
import io.gojinn.runtime.contract.ResponseEnvelope;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One exchange answered by a function: the body is collected to its limit, then handed over whole, and the outcome comes
 * back. Confined to the exchange's event loop; what crosses to the worker is the {@link FunctionCall}.
 */
final class FunctionExchange implements Activity {
    private static final Logger LOG = LoggerFactory.getLogger(FunctionExchange.class);

    private final Exchange exchange;
    private final FunctionInvoker function;
    private final BodyCollector body = new BodyCollector();

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
        HttpHeaders headers = exchange.request().headers();
        Iterable<Map.Entry<CharSequence, CharSequence>> fields = headers::iteratorCharSequence;
        RequestEnvelope envelope = new RequestEnvelope(
                exchange.request().method().name(),
                exchange.uri(),
                exchange.path(),
                exchange.query(),
                exchange.scheme(),
                exchange.authority(),
                fields,
                body.views(),
                exchange.trace().traceparent(),
                exchange.params(),
                exchange.clientAddress(),
                exchange.route(),
                null);
        FunctionCall call = new FunctionCall(
                exchange.loop(),
                exchange.allocator(),
                envelope,
                body,
                function.name(),
                exchange.trace().traceId(),
                this::completed);
        try {
            execution = function.invoke(call);
        } catch (RuntimeException defect) {
            // The seam promises an outcome; without one nothing will come to release the call.
            LOG.error("function {} could not be called", function.name(), defect);
            call.completed(new Outcome.Failed(FunctionFailure.INTERNAL, String.valueOf(defect), Outcome.Usage.NONE));
        }
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
                HttpHeaders headers = Exchange.newHeaders();
                for (ResponseEnvelope.Header field : response.headers()) {
                    headers.add(field.name(), field.value());
                }
                exchange.reply(
                        response.status(), headers, call.outputSlice(response.bodyOffset(), response.bodyLength()));
            }
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
