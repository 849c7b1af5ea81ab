package io.gojinn.proxy.observe;

import io.gojinn.proxy.failure.Http2Fault;
import io.gojinn.proxy.failure.UpstreamFault;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
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
    private final Map<SessionOutcome, Counter.Child> sessions = new EnumMap<>(SessionOutcome.class);
    private final Children children = new Children();
    // One that was replaced is among them for as long as it has requests; the newest is the last.
    private final List<Watched> watched = new CopyOnWriteArrayList<>();

    private record Watched(IntSupplier targets, IntSupplier available, IntSupplier active, IntSupplier waiting) {}

    UpstreamMetrics(String upstream, UpstreamFamilies families) {
        Counter requests = families.requests;
        this.answered = children.of(requests, upstream, "answered");
        this.retried = children.of(requests, upstream, "retried");
        this.cancelled = children.of(requests, upstream, "cancelled");
        for (UpstreamFault fault : UpstreamFault.values()) {
            failed.put(fault, children.of(requests, upstream, fault.label()));
        }
        this.unsolicited = children.of(families.unsolicited, upstream);
        this.connections = children.of(families.connections, upstream);
        this.retriesDenied = children.of(families.retriesDenied, upstream);
        this.ejections = children.of(families.ejections, upstream);
        for (SessionOutcome outcome : SessionOutcome.values()) {
            sessions.put(outcome, children.of(families.sessions, upstream, outcome.label()));
        }
        for (Http2Fault fault : Http2Fault.values()) {
            http2Faults.put(fault, children.of(families.http2Faults, upstream, fault.label()));
        }
        children.set(families.targets, newest(Watched::targets), upstream);
        children.set(families.availableTargets, newest(Watched::available), upstream);
        children.set(families.activeRequests, sum(Watched::active), upstream);
        children.set(families.waitingRequests, sum(Watched::waiting), upstream);
    }

    /** There is no upstream of this name any more. */
    void forget() {
        children.forget();
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

    /** A response came from an upstream that leads clients back. */
    public void session(SessionOutcome outcome) {
        Counter.Child child = sessions.get(outcome);
        if (child != null) {
            child.inc();
        }
    }

    /**
     * Shows what is counted elsewhere; read when the metrics are.
     *
     * @return to be run when it is not to be shown any more
     */
    public Runnable watch(IntSupplier targets, IntSupplier available, IntSupplier active, IntSupplier waiting) {
        Watched added = new Watched(targets, available, active, waiting);
        watched.add(added);
        return () -> watched.remove(added);
    }

    private Gauge.Child newest(Function<Watched, IntSupplier> value) {
        return reading(() -> {
            int last = 0;
            for (Watched one : watched) {
                last = value.apply(one).getAsInt();
            }
            return last;
        });
    }

    private Gauge.Child sum(Function<Watched, IntSupplier> value) {
        return reading(() ->
                watched.stream().mapToInt(one -> value.apply(one).getAsInt()).sum());
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
