package io.gojinn.proxy.middleware;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the fields of a message are changed: first those that are removed, then those that are set in the place of any others of the
 * name, then those that are added to them.
 */
public record FieldChanges(Map<String, Template> set, Map<String, Template> add, List<String> remove) {
    /** Nothing is changed. */
    public static final FieldChanges NONE = new FieldChanges(Map.of(), Map.of(), List.of());

    public FieldChanges {
        // In the order of the config.
        set = Collections.unmodifiableMap(new LinkedHashMap<>(set));
        add = Collections.unmodifiableMap(new LinkedHashMap<>(add));
        remove = List.copyOf(remove);
    }

    /** Whether there is nothing to be done. */
    public boolean isEmpty() {
        return set.isEmpty() && add.isEmpty() && remove.isEmpty();
    }
}
