package io.gojinn.proxy.observe;

import io.prometheus.client.Counter;

/** The metric children of one limit. Thread-safe. */
public final class LimitMetrics {
    private final Children children = new Children();
    private final Counter.Child refused;
    private final Counter.Child forgotten;

    LimitMetrics(String middleware, Counter refused, Counter forgotten) {
        this.refused = children.of(refused, middleware);
        this.forgotten = children.of(forgotten, middleware);
    }

    /** There is no limit of this name any more. */
    void forget() {
        children.forget();
    }

    /** A request was refused. */
    public void refused() {
        refused.inc();
    }

    /** A key was forgotten before its quota was whole again, because there are too many. */
    public void keyForgotten() {
        forgotten.inc();
    }
}
