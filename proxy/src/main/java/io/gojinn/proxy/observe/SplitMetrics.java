package io.gojinn.proxy.observe;

import io.prometheus.client.Counter;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** The metric children of one upstream's share of a split. Thread-safe. */
public final class SplitMetrics {
    private final Children children = new Children();
    private final Map<Reason, Counter.Child> chosen = new EnumMap<>(Reason.class);

    /** Why the upstream got a request. */
    public enum Reason {
        /** A cookie of the client said so. */
        COOKIE,
        /** What the request has of the key said so. */
        KEY,
        CHANCE
    }

    /** What a share is known by. */
    record Name(String split, String upstream) {}

    SplitMetrics(Name name, Counter requests) {
        for (Reason reason : Reason.values()) {
            chosen.put(
                    reason,
                    children.of(
                            requests,
                            name.split(),
                            name.upstream(),
                            reason.name().toLowerCase(Locale.ROOT)));
        }
    }

    /** There is no share of this name any more. */
    void forget() {
        children.forget();
    }

    /** The upstream got a request. */
    public void chosen(Reason reason) {
        Counter.Child child = chosen.get(reason);
        if (child != null) {
            child.inc();
        }
    }
}
