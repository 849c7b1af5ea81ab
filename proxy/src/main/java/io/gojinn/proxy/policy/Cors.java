package io.gojinn.proxy.policy;

import io.gojinn.proxy.failure.Denial;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.FailureResponse;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.http.ResponsePhase;
import io.gojinn.proxy.middleware.CorsRules;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Says which pages of other origins may read responses. Thread-safe.
 *
 * <p>It answers preflights itself, and what it says takes the place of what the action says of the same. Responses differ by origin,
 * so caches are told (Fetch, 3.2.5), whether the request had one or not.
 */
public final class Cors implements Middleware {
    private static final List<CharSequence> ALL = List.of(
            HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN,
            HttpHeaderNames.ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HttpHeaderNames.ACCESS_CONTROL_ALLOW_METHODS,
            HttpHeaderNames.ACCESS_CONTROL_ALLOW_HEADERS,
            HttpHeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS,
            HttpHeaderNames.ACCESS_CONTROL_MAX_AGE);
    private static final String PREFLIGHT_VARY =
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

    private final CorsRules rules;
    private final String methods;
    private final String requestHeaders;
    private final Set<String> requestHeaderNames;
    private final String exposedHeaders;
    private final boolean sameForAll;

    /** A middleware that applies these rules. */
    public Cors(CorsRules rules) {
        this.rules = rules;
        this.methods = String.join(", ", new TreeSet<>(rules.methods()));
        this.requestHeaders = String.join(", ", rules.requestHeaders());
        this.requestHeaderNames = rules.requestHeaders().stream()
                .map(name -> name.toLowerCase(Locale.ROOT))
                .collect(Collectors.toUnmodifiableSet());
        this.exposedHeaders = String.join(", ", rules.exposedHeaders());
        this.sameForAll = rules.origins().any();
    }

    @Override
    public Passage open(Exchange exchange) {
        return new Passage() {
            @Override
            public void request(RequestPhase phase) {
                HttpHeaders asked = exchange.request().headers();
                String method = asked.get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
                if (exchange.request().method().equals(HttpMethod.OPTIONS)
                        && method != null
                        && asked.contains(HttpHeaderNames.ORIGIN)) {
                    preflight(phase, asked, method);
                } else {
                    phase.proceed();
                }
            }

            @Override
            public void response(ResponsePhase phase) {
                tell(exchange, phase.headers());
                phase.proceed();
            }

            @Override
            public void failed(FailureResponse response) {
                tell(exchange, response.headers());
            }
        };
    }

    private void preflight(RequestPhase phase, HttpHeaders asked, String method) {
        String origin = origin(asked);
        if (!rules.origins().contains(origin)) {
            phase.fail(new Failure.Denied(Denial.ORIGIN, "a preflight of " + FieldText.encoded(origin)));
            return;
        }
        HttpHeaders headers = Exchange.newHeaders();
        headers.set(HttpHeaderNames.VARY, PREFLIGHT_VARY);
        allow(headers, origin);
        // A browser compares what it gets with what it needs: a method that is not named is not allowed.
        if (!methods.isEmpty()) {
            headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        if (!requestHeaders.isEmpty()) {
            headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, requestHeaders);
        }
        if (rules.methods().contains(method) && asksForAllowed(asked)) {
            headers.set(HttpHeaderNames.ACCESS_CONTROL_MAX_AGE, rules.maxAge().toSeconds());
        }
        phase.reply(204, headers, Exchange.noBody());
    }

    private boolean asksForAllowed(HttpHeaders asked) {
        String names = asked.get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_HEADERS, "");
        for (String name : names.split(",", -1)) {
            if (!name.isBlank() && !requestHeaderNames.contains(name.strip().toLowerCase(Locale.ROOT))) {
                return false;
            }
        }
        return true;
    }

    private void tell(Exchange exchange, HttpHeaders headers) {
        for (CharSequence name : ALL) {
            headers.remove(name);
        }
        if (!sameForAll && !headers.containsValue(HttpHeaderNames.VARY, HttpHeaderNames.ORIGIN, true)) {
            headers.add(HttpHeaderNames.VARY, "Origin");
        }
        HttpHeaders asked = exchange.request().headers();
        String origin = origin(asked);
        if (!origin.isEmpty() && rules.origins().contains(origin)) {
            allow(headers, origin);
            if (!exposedHeaders.isEmpty()) {
                headers.set(HttpHeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS, exposedHeaders);
            }
        }
    }

    private void allow(HttpHeaders headers, String origin) {
        headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, sameForAll ? "*" : origin);
        if (rules.credentials()) {
            headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
    }

    // Two of them are none: nobody knows which one counts.
    private static String origin(HttpHeaders headers) {
        List<String> origins = headers.getAll(HttpHeaderNames.ORIGIN);
        return origins.size() == 1 ? origins.getFirst() : "";
    }
}
