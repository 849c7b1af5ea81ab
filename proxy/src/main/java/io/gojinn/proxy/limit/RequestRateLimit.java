package io.gojinn.proxy.limit;

import io.gojinn.proxy.failure.Denial;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.FailureResponse;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.http.ResponsePhase;
import io.gojinn.proxy.middleware.RateRules;
import io.gojinn.proxy.observe.LimitMetrics;
import io.gojinn.runtime.Registry;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.Map;

/**
 * Lets through as many requests of each key as a quota allows, and tells clients how they stand: {@code RateLimit-Policy} and
 * {@code RateLimit} (draft-ietf-httpapi-ratelimit-headers-10). Thread-safe; its memory is taken when it is made.
 */
public final class RequestRateLimit implements Middleware {
    private static final AsciiString POLICY = AsciiString.cached("RateLimit-Policy");
    private static final AsciiString STATE = AsciiString.cached("RateLimit");
    private static final long SECOND_NANOS = 1_000_000_000L;

    private final RequestKeys keys;
    private final RateTable table;
    private final Registry.Lease<LimitMetrics> metrics;
    private final String name;
    private final AsciiString policy;
    // Times of the table are positive.
    private final long originNanos = System.nanoTime() - 1;

    /**
     * A limit that has counted nothing.
     *
     * @param name of the middleware: letters, digits, {@code _}, {@code .} and {@code -}
     * @param metrics owned
     */
    public RequestRateLimit(String name, RateRules config, Registry.Lease<LimitMetrics> metrics) {
        this.keys = new RequestKeys(config.by());
        this.table = new RateTable(
                config.per().toNanos() / config.requests(),
                config.burst(),
                config.keys(),
                metrics.value()::keyForgotten);
        this.metrics = metrics;
        this.name = '"' + name + '"';
        this.policy = AsciiString.cached(
                this.name + ";q=" + config.requests() + ";w=" + config.per().toSeconds());
    }

    @Override
    public Passage open(Exchange exchange) {
        return new OneRequest(exchange);
    }

    @Override
    public void close() {
        metrics.close();
    }

    private final class OneRequest implements Passage {
        private final Exchange exchange;
        private long taken;

        OneRequest(Exchange exchange) {
            this.exchange = exchange;
        }

        @Override
        public void request(RequestPhase phase) {
            taken = table.take(keys.of(exchange), System.nanoTime() - originNanos);
            if (taken >= 0) {
                phase.proceed();
            } else {
                metrics.value().refused();
                phase.fail(new Failure.Denied(
                        Denial.RATE_LIMIT, name, List.of(Map.entry("Retry-After", String.valueOf(seconds(-taken))))));
            }
        }

        @Override
        public void response(ResponsePhase phase) {
            tell(phase.headers());
            phase.proceed();
        }

        @Override
        public void failed(FailureResponse response) {
            tell(response.headers());
        }

        private void tell(HttpHeaders headers) {
            // A refused request would have come so much too early: behind it stands a whole burst but one.
            long aheadNanos = taken >= 0 ? taken : table.burstNanos() - table.intervalNanos() - taken;
            long remaining = taken >= 0 ? (table.burstNanos() - taken) / table.intervalNanos() : 0;
            headers.add(POLICY, policy);
            headers.add(STATE, name + ";r=" + remaining + ";t=" + seconds(aheadNanos));
        }
    }

    private static long seconds(long nanos) {
        return Math.ceilDiv(nanos, SECOND_NANOS);
    }
}
