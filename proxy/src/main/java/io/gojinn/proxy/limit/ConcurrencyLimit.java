package io.gojinn.proxy.limit;

import io.gojinn.proxy.failure.Denial;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.middleware.ConcurrencyRules;
import io.gojinn.proxy.observe.LimitMetrics;
import io.gojinn.runtime.Registry;
import java.util.List;
import java.util.Map;

/** Lets through so many requests of each key at once. A request counts until its exchange has ended. Thread-safe. */
public final class ConcurrencyLimit implements Middleware {
    private static final List<Map.Entry<String, String>> RETRY_AFTER = List.of(Map.entry("Retry-After", "1"));

    private final RequestKeys keys;
    private final ActiveTable active;
    private final Registry.Lease<LimitMetrics> metrics;
    private final String name;

    /**
     * A limit under which there is no request yet.
     *
     * @param metrics owned
     */
    public ConcurrencyLimit(String name, ConcurrencyRules config, Registry.Lease<LimitMetrics> metrics) {
        this.keys = new RequestKeys(config.by());
        this.active = new ActiveTable(config.requests(), config.keys());
        this.metrics = metrics;
        this.name = name;
    }

    @Override
    public Passage open(Exchange exchange) {
        return new OneRequest(keys.of(exchange));
    }

    @Override
    public void close() {
        metrics.close();
    }

    private final class OneRequest implements Passage {
        private final long key;
        private boolean entered;

        OneRequest(long key) {
            this.key = key;
        }

        @Override
        public void request(RequestPhase phase) {
            entered = active.enter(key);
            if (entered) {
                phase.proceed();
            } else {
                metrics.value().refused();
                phase.fail(new Failure.Denied(Denial.CONCURRENCY_LIMIT, name, RETRY_AFTER));
            }
        }

        @Override
        public void ended() {
            if (entered) {
                active.leave(key);
            }
        }
    }
}
