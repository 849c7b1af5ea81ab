package io.gojinn.proxy.observe;

import io.gojinn.proxy.failure.UpstreamFault;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import java.util.EnumMap;
import java.util.Map;

/** The metric children of one upstream. Thread-safe. */
public final class UpstreamMetrics {
    private final Counter.Child answered;
    private final Counter.Child retried;
    private final Counter.Child cancelled;
    private final Map<UpstreamFault, Counter.Child> failed = new EnumMap<>(UpstreamFault.class);
    private final Gauge.Child connections;

    UpstreamMetrics(String upstream, Counter requests, Gauge connections) {
        this.answered = requests.labels(upstream, "answered");
        this.retried = requests.labels(upstream, "retried");
        this.cancelled = requests.labels(upstream, "cancelled");
        for (UpstreamFault fault : UpstreamFault.values()) {
            failed.put(fault, requests.labels(upstream, fault.label()));
        }
        this.connections = connections.labels(upstream);
    }

    /** A whole response came back. */
    public void answered() {
        answered.inc();
    }

    /** An attempt failed and another one is made. */
    public void retried() {
        retried.inc();
    }

    /** The client went away first. */
    public void cancelled() {
        cancelled.inc();
    }

    /** The request failed. */
    public void failed(UpstreamFault fault) {
        Counter.Child child = failed.get(fault);
        if (child != null) {
            child.inc();
        }
    }

    /** A connection was established. */
    public void connected() {
        connections.inc();
    }

    /** An established connection was closed. */
    public void disconnected() {
        connections.dec();
    }
}
