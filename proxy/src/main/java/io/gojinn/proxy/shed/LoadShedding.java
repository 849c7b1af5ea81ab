package io.gojinn.proxy.shed;

import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.FailureResponse;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.http.ResponsePhase;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.observe.SheddingMetrics;
import io.gojinn.runtime.Registry;

/**
 * Refuses requests at once when there are more than can be answered in time. A request counts from its request phase to the
 * header section of its answer: what a client takes to read one says nothing of who made it. Tunnels do not count. Thread-safe.
 */
public final class LoadShedding implements Middleware {
    private final AdaptiveLimit limit;
    private final Registry.Lease<SheddingMetrics> metrics;
    private final Runnable unwatch;

    /**
     * Knows nothing yet of how long answers take.
     *
     * @param metrics owned
     */
    public LoadShedding(MiddlewareKind.Shedding config, Registry.Lease<SheddingMetrics> metrics) {
        this.limit = new AdaptiveLimit(config, System.nanoTime());
        this.metrics = metrics;
        this.unwatch = metrics.value().watch(limit::limit, limit::active);
    }

    @Override
    public Passage open(Exchange exchange) {
        return exchange.upgrade().isEmpty() ? new OneRequest() : new Passage() {};
    }

    @Override
    public void close() {
        unwatch.run();
        metrics.close();
    }

    private final class OneRequest implements Passage {
        private boolean counted;
        private long startNanos;

        @Override
        public void request(RequestPhase phase) {
            if (limit.enter()) {
                counted = true;
                startNanos = System.nanoTime();
                phase.proceed();
            } else {
                metrics.value().shed();
                phase.fail(new Failure.Shed());
            }
        }

        @Override
        public void response(ResponsePhase phase) {
            // A server that fails quickly is no fast server.
            leave(phase.status() < 500);
            phase.proceed();
        }

        @Override
        public void failed(FailureResponse response) {
            leave(response.status() == 504);
        }

        @Override
        public void ended() {
            leave(false);
        }

        private void leave(boolean telling) {
            if (!counted) {
                return;
            }
            counted = false;
            if (telling) {
                long nowNanos = System.nanoTime();
                limit.leave(nowNanos - startNanos, nowNanos);
            } else {
                limit.leave();
            }
        }
    }
}
