package io.gojinn.proxy.policy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A map of so many entries at most: of more, those go that were not used for longest. Thread-safe. */
public final class RecentlyUsed<K, V> {
    private final Map<K, V> entries;

    /** An empty map. */
    public RecentlyUsed(int most) {
        this.entries = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > most;
            }
        };
    }

    /** The value, which is used now; null when there is none. */
    public synchronized @Nullable V get(K key) {
        return entries.get(key);
    }

    /** Adds or replaces an entry. */
    public synchronized void put(K key, V value) {
        entries.put(key, value);
    }

    /** Removes an entry. */
    public synchronized void remove(K key) {
        entries.remove(key);
    }
}
