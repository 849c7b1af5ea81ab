package io.gojinn.proxy.observe;

import io.prometheus.client.Counter;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** The metric children of one route's mirror. Thread-safe. */
public final class MirrorMetrics {
    private final Children children = new Children();
    private final Map<Outcome, Counter.Child> requests = new EnumMap<>(Outcome.class);

    /** What became of a request that was to be copied. */
    public enum Outcome {
        /** A copy went to a target; what it answered is told by the metrics of its upstream. */
        SENT,
        /** As many copies were open as may be. */
        BUSY,
        /** The body is larger than those that are copied. */
        TOO_LARGE,
        /** The request ended before all of it had come, or nobody wanted its body. */
        INCOMPLETE
    }

    MirrorMetrics(String route, Counter family) {
        for (Outcome outcome : Outcome.values()) {
            requests.put(outcome, children.of(family, route, outcome.name().toLowerCase(Locale.ROOT)));
        }
    }

    /** There is no mirror of this route any more. */
    void forget() {
        children.forget();
    }

    /** A request was to be copied. */
    public void request(Outcome outcome) {
        Counter.Child child = requests.get(outcome);
        if (child != null) {
            child.inc();
        }
    }
}
