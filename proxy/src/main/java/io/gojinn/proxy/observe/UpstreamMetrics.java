package io.gojinn.proxy.observe;

import io.gojinn.proxy.failure.Http2Fault;
import io.gojinn.proxy.failure.UpstreamFault;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntSupplier;

/** The metric children of one upstream. Thread-safe. */
public final class UpstreamMetrics {
    private final Counter.Child answered;
    private final Counter.Child retried;
    private final Counter.Child cancelled;
    private final Map<UpstreamFault, Counter.Child> failed = new EnumMap<>(UpstreamFault.class);
    private final Counter.Child unsolicited;
    private final Gauge.Child connections;
    private final Map<Http2Fault, Counter.Child> http2Faults = new EnumMap<>(Http2Fault.class);
    private final Counter.Child retriesDenied;
    private final Counter.Child ejections;
    private final String upstream;
    private final UpstreamFamilies families;

    UpstreamMetrics(String upstream, UpstreamFamilies families) {
        Counter requests = families.requests;
        this.upstream = upstream;
        this.families = families;
        this.answered = requests.labels(upstream, "answered");
        this.retried = requests.labels(upstream, "retried");
        this.cancelled = requests.labels(upstream, "cancelled");
        for (UpstreamFault fault : UpstreamFault.values()) {
            failed.put(fault, requests.labels(upstream, fault.label()));
        }
        this.unsolicited = families.unsolicited.labels(upstream);
        this.connections = families.connections.labels(upstream);
        this.retriesDenied = families.retriesDenied.labels(upstream);
        this.ejections = families.ejections.labels(upstream);
        for (Http2Fault fault : Http2Fault.values()) {
            http2Faults.put(fault, families.http2Faults.labels(upstream, fault.label()));
        }
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

    /** A target broke a rule or a limit of its HTTP/2 connection. */
    public void http2Fault(Http2Fault fault) {
        Counter.Child child = http2Faults.get(fault);
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

    /** A request was not sent again because the budget is used up. */
    public void retryDenied() {
        retriesDenied.inc();
    }

    /** A target was taken out for what it did. */
    public void ejected() {
        ejections.inc();
    }

    /** Shows what is counted elsewhere; read when the metrics are. */
    public void watch(IntSupplier targets, IntSupplier available, IntSupplier active, IntSupplier waiting) {
        families.targets.setChild(reading(targets), upstream);
        families.availableTargets.setChild(reading(available), upstream);
        families.activeRequests.setChild(reading(active), upstream);
        families.waitingRequests.setChild(reading(waiting), upstream);
    }

    private static Gauge.Child reading(IntSupplier value) {
        return new Gauge.Child() {
            @Override
            public double get() {
                return value.getAsInt();
            }
        };
    }
}
