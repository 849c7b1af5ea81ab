package io.gojinn.proxy.observe;

import io.prometheus.client.SimpleCollector;
import java.util.ArrayList;
import java.util.List;

/** The metric children that were made for one name of the config, to be forgotten with it. Confined to its owner. */
final class Children {
    private final List<Runnable> removals = new ArrayList<>();

    /** The child of a family with these label values. */
    <C> C of(SimpleCollector<C> family, String... labels) {
        removals.add(() -> family.remove(labels));
        return family.labels(labels);
    }

    /** Puts a child of another kind in a family. */
    <C> void set(SimpleCollector<C> family, C child, String... labels) {
        removals.add(() -> family.remove(labels));
        family.setChild(child, labels);
    }

    /** Takes all of them out of their families. */
    void forget() {
        removals.forEach(Runnable::run);
    }
}
