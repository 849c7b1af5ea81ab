package io.gojinn.proxy.function;

import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.CollectedBody;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.ProxyFields;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.http.ResponsePhase;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.middleware.MiddlewareKind.Phase;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.Tenant;
import io.gojinn.runtime.contract.MessageChanges;
import io.gojinn.runtime.contract.RequestEnvelope;
import io.gojinn.runtime.contract.ResponseEnvelope;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One exchange on its way through a function: it is called in the phases that the config names, with the body when the config
 * says so, and what it answers is done. Whatever it does wrong ends the exchange. Confined to the exchange's event loop.
 */
final class FunctionPassage implements Passage {
    private final Exchange exchange;
    private final FunctionInvoker function;
    private final MiddlewareKind.Call config;

    private FunctionInvoker.@Nullable Execution execution;
    private boolean gone;

    FunctionPassage(Exchange exchange, FunctionInvoker function, MiddlewareKind.Call config) {
        this.exchange = exchange;
        this.function = function;
        this.config = config;
    }

    // The request.

    @Override
    public void request(RequestPhase phase) {
        if (!config.phases().contains(Phase.REQUEST)) {
            phase.proceed();
        } else if (config.buffersBody()) {
            phase.readBody(function.limits().maxBodyBytes(), body -> request(phase, body.share()));
        } else {
            request(phase, new CollectedBody());
        }
    }

    private void request(RequestPhase phase, CollectedBody body) {
        Tenant tenant = exchange.tenant();
        RequestEnvelope envelope = Envelopes.of(exchange, tenant, body.views(), null);
        call(Invocation.Phase.REQUEST, tenant, envelope, body, (call, outcome) -> {
            switch (outcome) {
                case Outcome.Replied replied -> {
                    ResponseEnvelope response = replied.response();
                    phase.reply(response.status(), Fields.of(response.headers()), call.body(response));
                }
                case Outcome.Passed passed -> proceed(phase, call, passed.changes());
                case Outcome.Failed failed -> phase.fail(new Failure.Function(failed.failure(), failed.detail()));
            }
        });
    }

    private void proceed(RequestPhase phase, FunctionCall call, MessageChanges changes) {
        String problem = problemOf(changes);
        try {
            String method = changes.method();
            if (method != null) {
                phase.method(method);
            }
            String uri = changes.uri();
            if (uri != null) {
                phase.target(uri);
            }
        } catch (IllegalArgumentException refused) {
            problem = refused.getMessage();
        }
        if (problem != null) {
            phase.fail(new Failure.Function(FunctionFailure.CONTRACT, problem));
            return;
        }
        Fields.change(exchange.request().headers(), changes, name -> !ProxyFields.isOfRequest(name));
        if (changes.replacesBody()) {
            phase.proceed(call.outputSlice(changes.bodyOffset(), changes.bodyLength()));
        } else {
            phase.proceed();
        }
    }

    // The response.

    @Override
    public void response(ResponsePhase phase) {
        if (!config.phases().contains(Phase.RESPONSE)) {
            phase.proceed();
        } else if (config.buffersBody()) {
            phase.readBody(function.limits().maxBodyBytes(), body -> response(phase, body.share()));
        } else {
            response(phase, new CollectedBody());
        }
    }

    private void response(ResponsePhase phase, CollectedBody body) {
        Tenant tenant = exchange.tenant();
        RequestEnvelope envelope = Envelopes.of(
                exchange,
                tenant,
                List.of(),
                new RequestEnvelope.Response(phase.status(), Envelopes.fields(phase.headers()), body.views()));
        call(Invocation.Phase.RESPONSE, tenant, envelope, body, (call, outcome) -> {
            switch (outcome) {
                case Outcome.Replied replied -> {
                    ResponseEnvelope response = replied.response();
                    phase.status(response.status());
                    phase.headers().clear().add(Fields.of(response.headers()));
                    phase.proceed(call.body(response));
                }
                case Outcome.Passed passed -> proceed(phase, call, passed.changes());
                case Outcome.Failed failed -> phase.fail(new Failure.Function(failed.failure(), failed.detail()));
            }
        });
    }

    private void proceed(ResponsePhase phase, FunctionCall call, MessageChanges changes) {
        String problem = problemOf(changes);
        if (problem != null) {
            phase.fail(new Failure.Function(FunctionFailure.CONTRACT, problem));
            return;
        }
        if (changes.status() != 0) {
            phase.status(changes.status());
        }
        Predicate<String> any = name -> true;
        Fields.change(phase.headers(), changes, any);
        if (changes.replacesBody()) {
            phase.proceed(call.outputSlice(changes.bodyOffset(), changes.bodyLength()));
        } else {
            phase.proceed();
        }
    }

    // Both.

    private @Nullable String problemOf(MessageChanges changes) {
        return changes.replacesBody() && !config.buffersBody()
                ? "found a body, expected none from a middleware without body = \"buffer\""
                : null;
    }

    private void call(
            Invocation.Phase phase,
            @Nullable Tenant tenant,
            RequestEnvelope envelope,
            CollectedBody body,
            FunctionCall.Receiver receiver) {
        execution = FunctionCall.start(exchange, function, tenant, phase, envelope, body, (call, outcome) -> {
            execution = null;
            if (!gone) {
                exchange.fuel(outcome.usage().fuel());
                receiver.receive(call, outcome);
            }
        });
    }

    @Override
    public void ended() {
        gone = true;
        if (execution != null) {
            execution.cancel();
        }
    }
}
