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
    private final Counter.Child unsolicited;
    private final Gauge.Child connections;

    UpstreamMetrics(String upstream, Counter requests, Counter unsolicited, Gauge connections) {
        this.answered = requests.labels(upstream, "answered");
        this.retried = requests.labels(upstream, "retried");
        this.cancelled = requests.labels(upstream, "cancelled");
        for (UpstreamFault fault : UpstreamFault.values()) {
            failed.put(fault, requests.labels(upstream, fault.label()));
        }
        this.unsolicited = unsolicited.labels(upstream);
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

    /** A connection was given up because more came than was asked for. */
    public void unsolicited() {
        unsolicited.inc();
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
