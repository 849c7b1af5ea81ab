package io.gojinn.proxy.observe;

import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;

/** The metric children of one listener. Thread-safe. */
public final class ListenerMetrics {
    private final Gauge.Child open;
    private final Counter.Child rejectedByLimit;
    private final Counter.Child rejectedByHandshake;

    ListenerMetrics(String listener, Gauge open, Counter rejected) {
        this.open = open.labels(listener);
        this.rejectedByLimit = rejected.labels(listener, "limit");
        this.rejectedByHandshake = rejected.labels(listener, "handshake");
    }

    /** A connection was accepted. */
    public void opened() {
        open.inc();
    }

    /** A connection that was accepted has closed. */
    public void closed() {
        open.dec();
    }

    /** A connection was closed at accept because of the listener's limit. */
    public void rejectedByLimit() {
        rejectedByLimit.inc();
    }

    /** A connection was closed because its TLS handshake failed. */
    public void rejectedByHandshake() {
        rejectedByHandshake.inc();
    }
}
