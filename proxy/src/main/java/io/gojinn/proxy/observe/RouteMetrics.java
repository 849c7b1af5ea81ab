package io.gojinn.proxy.observe;

import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;

/** The metric children of one route, resolved once so that a request looks nothing up. Thread-safe. */
public final class RouteMetrics {
    private final Counter.Child[] requestsByClass;
    private final Children children = new Children();
    private final Histogram.Child duration;
    private final Gauge.Child active;
    private final Gauge.Child tunnels;

    RouteMetrics(String route, Counter requests, Histogram duration, Gauge active, Gauge tunnels) {
        this.requestsByClass = new Counter.Child[5];
        for (int i = 0; i < requestsByClass.length; i++) {
            requestsByClass[i] = children.of(requests, route, (i + 1) + "xx");
        }
        this.duration = children.of(duration, route);
        this.active = children.of(active, route);
        this.tunnels = children.of(tunnels, route);
    }

    /** There is no route of this name any more. */
    void forget() {
        children.forget();
    }

    /** A request of this route began. */
    public void began() {
        active.inc();
    }

    /** A request that began has ended. */
    public void ended(int status, long durationNanos) {
        ended(status);
        duration.observe(durationNanos / 1e9);
    }

    private void ended(int status) {
        active.dec();
        requestsByClass[Math.clamp(status / 100, 1, 5) - 1].inc();
    }

    /** A request that began has become a tunnel. */
    public void tunnelOpened() {
        tunnels.inc();
    }

    /** A tunnel has ended, and its request with it; how long it was open is no duration of a request. */
    public void tunnelEnded(int status) {
        tunnels.dec();
        ended(status);
    }
}
