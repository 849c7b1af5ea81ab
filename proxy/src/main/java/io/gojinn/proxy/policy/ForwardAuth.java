package io.gojinn.proxy.policy;

import io.gojinn.proxy.failure.Denial;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.middleware.ForwardAuthRules;
import io.gojinn.proxy.upstream.Subrequest;
import io.gojinn.proxy.upstream.Upstream;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AsciiString;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Asks an upstream whether a request may pass. Thread-safe.
 *
 * <p>A status of success lets it pass, with the fields that the answer gives it. A status from 300 to 499 is the client's answer, a
 * login page perhaps. Anything else, and no answer, is 503: nobody passes unasked.
 */
public final class ForwardAuth implements Middleware {
    private static final int MAX_BODY_BYTES = 64 << 10;
    private static final AsciiString METHOD = AsciiString.cached("x-forwarded-method");
    private static final AsciiString URI = AsciiString.cached("x-forwarded-uri");
    private static final AsciiString TRACEPARENT = AsciiString.cached("traceparent");
    // Of an answer that goes to the client: what it is, where to go, what to prove, what to remember.
    private static final List<AsciiString> TOLD = List.of(
            HttpHeaderNames.CONTENT_TYPE,
            HttpHeaderNames.LOCATION,
            HttpHeaderNames.WWW_AUTHENTICATE,
            HttpHeaderNames.SET_COOKIE,
            HttpHeaderNames.CACHE_CONTROL,
            HttpHeaderNames.RETRY_AFTER);

    private final ForwardAuthRules rules;
    private final Upstream upstream;

    /** A middleware that asks this upstream. */
    public ForwardAuth(ForwardAuthRules rules, Upstream upstream) {
        this.rules = rules;
        this.upstream = upstream;
    }

    @Override
    public Set<String> ownedFields() {
        return Set.copyOf(rules.responseHeaders());
    }

    @Override
    public Passage open(Exchange exchange) {
        return new Question(exchange);
    }

    private final class Question implements Passage {
        private final Exchange exchange;
        private @Nullable Subrequest asking;

        Question(Exchange exchange) {
            this.exchange = exchange;
        }

        @Override
        public void request(RequestPhase phase) {
            Subrequest asked = upstream.ask(
                    exchange.loop(),
                    new Subrequest.Question(HttpMethod.GET, rules.path(), fields(), rules.timeout(), MAX_BODY_BYTES),
                    outcome -> answered(phase, outcome));
            asking = asked;
        }

        private HttpHeaders fields() {
            HttpHeaders from = exchange.request().headers();
            HttpHeaders fields = DefaultHttpHeadersFactory.headersFactory().newHeaders();
            for (String name : rules.requestHeaders()) {
                for (String value : from.getAll(name)) {
                    fields.add(name, value);
                }
            }
            exchange.tellOrigin(fields);
            fields.set(METHOD, exchange.request().method().name());
            fields.set(URI, exchange.uri());
            fields.set(TRACEPARENT, exchange.trace().traceparent());
            return fields;
        }

        private void answered(RequestPhase phase, Subrequest.Outcome outcome) {
            switch (outcome) {
                case Subrequest.Outcome.Failed none ->
                    unanswered(phase, (none.fault().label() + " " + none.detail()).strip());
                case Subrequest.Outcome.Answered(int status, HttpHeaders headers, ByteBuffer body) -> {
                    if (status < 300) {
                        pass(phase, headers);
                    } else if (status < 500 && status != 304) {
                        tell(phase, status, headers, body);
                    } else {
                        unanswered(phase, "status " + status);
                    }
                }
            }
        }

        private void pass(RequestPhase phase, HttpHeaders answer) {
            HttpHeaders fields = exchange.request().headers();
            for (String name : rules.responseHeaders()) {
                fields.remove(name);
                for (String value : answer.getAll(name)) {
                    fields.add(name, FieldText.encoded(value));
                }
            }
            phase.proceed();
        }

        private void tell(RequestPhase phase, int status, HttpHeaders answer, ByteBuffer body) {
            HttpHeaders headers = Exchange.newHeaders();
            for (AsciiString name : TOLD) {
                for (String value : answer.getAll(name)) {
                    headers.add(name, value);
                }
            }
            phase.reply(status, headers, Unpooled.wrappedBuffer(body));
        }

        private void unanswered(RequestPhase phase, String detail) {
            phase.fail(new Failure.Denied(Denial.AUTHORITY_MISSING, detail, List.of(Map.entry("Retry-After", "1"))));
        }

        @Override
        public void ended() {
            if (asking != null) {
                asking.cancel();
            }
        }
    }
}
