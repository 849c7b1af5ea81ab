package io.gojinn.proxy.observe;

import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;

/** The metric children of one route, resolved once so that a request looks nothing up. Thread-safe. */
public final class RouteMetrics {
    private final Counter.Child[] requestsByClass;
    private final Histogram.Child duration;
    private final Gauge.Child active;

    RouteMetrics(String route, Counter requests, Histogram duration, Gauge active) {
        this.requestsByClass = new Counter.Child[5];
        for (int i = 0; i < requestsByClass.length; i++) {
            requestsByClass[i] = requests.labels(route, (i + 1) + "xx");
        }
        this.duration = duration.labels(route);
        this.active = active.labels(route);
    }

    /** A request of this route began. */
    public void began() {
        active.inc();
    }

    /** A request that began has ended. */
    public void ended(int status, long durationNanos) {
        active.dec();
        requestsByClass[Math.clamp(status / 100, 1, 5) - 1].inc();
        duration.observe(durationNanos / 1e9);
    }
}
