package io.gojinn.runtime;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Values by key, each made for its first lease and disposed of with its last one: what a config names lives on in the next
 * config that names the same. Thread-safe; a value is made by one thread, and disposed of by the one that closes the last
 * lease, while others that ask for the same key wait.
 */
public final class Registry<K, V> {
    private final Consumer<? super V> disposal;
    // Guarded by itself.
    private final Map<K, Entry<V>> entries = new HashMap<>();

    private static final class Entry<V> {
        // Guarded by the map.
        private int leases;
        // Guarded by the entry.
        private @Nullable V value;
    }

    /**
     * No values yet.
     *
     * @param disposal called once for each value, when nobody has a lease of it
     */
    public Registry(Consumer<? super V> disposal) {
        this.disposal = disposal;
    }

    /** Makes a value; may be asked again after it failed. */
    @FunctionalInterface
    public interface Maker<V, X extends Exception> {
        V make() throws X;
    }

    /** The right to use a value until it is closed. Closing it again does nothing. */
    public static final class Lease<V> implements AutoCloseable {
        private final V value;
        private final Runnable end;
        private final AtomicBoolean ended = new AtomicBoolean();

        private Lease(V value, Runnable end) {
            this.value = value;
            this.end = end;
        }

        public V value() {
            return value;
        }

        @Override
        public void close() {
            if (ended.compareAndSet(false, true)) {
                end.run();
            }
        }
    }

    /**
     * The value of a key.
     *
     * @param maker makes it if there is none
     * @throws X what the maker throws; then there is no lease
     */
    public <X extends Exception> Lease<V> lease(K key, Maker<? extends V, X> maker) throws X {
        Entry<V> entry;
        synchronized (entries) {
            entry = entries.computeIfAbsent(key, absent -> new Entry<>());
            entry.leases++;
        }
        boolean leased = false;
        try {
            V value;
            synchronized (entry) {
                value = entry.value;
                if (value == null) {
                    value = maker.make();
                    entry.value = value;
                }
            }
            leased = true;
            return new Lease<>(value, () -> leave(key, entry));
        } finally {
            if (!leased) {
                leave(key, entry);
            }
        }
    }

    // The value is gone before another of the same key is made.
    private void leave(K key, Entry<V> entry) {
        synchronized (entry) {
            synchronized (entries) {
                if (--entry.leases > 0) {
                    return;
                }
            }
            V value = entry.value;
            entry.value = null;
            if (value != null) {
                disposal.accept(value);
            }
            synchronized (entries) {
                if (entry.leases == 0) {
                    entries.remove(key);
                }
            }
        }
    }

    /** How many keys are leased. */
    public int size() {
        synchronized (entries) {
            return entries.size();
        }
    }

    /** The values that were made and not disposed of. */
    public List<V> values() {
        List<Entry<V>> known;
        synchronized (entries) {
            known = List.copyOf(entries.values());
        }
        List<V> values = new ArrayList<>(known.size());
        for (Entry<V> entry : known) {
            synchronized (entry) {
                if (entry.value != null) {
                    values.add(entry.value);
                }
            }
        }
        return values;
    }
}
