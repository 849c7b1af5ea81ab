package io.gojinn.proxy.observe;

import io.prometheus.client.Counter;

/** The metric children of a middleware that fetches keys. Thread-safe. */
public final class KeyFetchMetrics {
    private final Counter.Child fetched;
    private final Counter.Child failed;

    KeyFetchMetrics(String middleware, Counter fetches) {
        this.fetched = fetches.labels(middleware, "fetched");
        this.failed = fetches.labels(middleware, "failed");
    }

    /** A set of keys came. */
    public void fetched() {
        fetched.inc();
    }

    /** None came, or none of use. */
    public void failed() {
        failed.inc();
    }
}
