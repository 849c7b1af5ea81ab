package io.gojinn.proxy.route;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A hash map whose keys are looked up as parts of a text, so that a lookup cuts no string out of it. Open addressing, at most
 * half full. Filled by one thread, then read by many; every key comes from the config.
 */
final class SegmentMap<V> {
    private @Nullable String[] keys = new String[8];
    private @Nullable Object[] values = new Object[8];
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    /** Adds a value, unless the key has one. */
    void put(String key, V value) {
        if ((size + 1) * 2 > keys.length) {
            grow();
        }
        int at = slot(key, 0, key.length());
        if (keys[at] == null) {
            keys[at] = key;
            values[at] = value;
            size++;
        }
    }

    /** The value of the key that these characters spell. */
    @SuppressWarnings("unchecked") // only put() writes values
    @Nullable
    V get(String text, int from, int to) {
        return (V) values[slot(text, from, to)];
    }

    @Nullable
    V get(String key) {
        return get(key, 0, key.length());
    }

    /** The values, in no order. */
    @SuppressWarnings("unchecked") // only put() writes values
    Iterable<V> values() {
        return (Iterable<V>)
                Arrays.stream(values).filter(value -> value != null).toList();
    }

    private int slot(String text, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text.charAt(i);
        }
        int mask = keys.length - 1;
        int at = (hash ^ (hash >>> 16)) & mask;
        for (String key = keys[at]; key != null; key = keys[at]) {
            if (key.length() == to - from && text.startsWith(key, from)) {
                break;
            }
            at = (at + 1) & mask;
        }
        return at;
    }

    @SuppressWarnings("unchecked") // only put() writes values
    private void grow() {
        @Nullable String[] oldKeys = keys;
        @Nullable Object[] oldValues = values;
        keys = new String[oldKeys.length * 2];
        values = new Object[oldKeys.length * 2];
        size = 0;
        for (int i = 0; i < oldKeys.length; i++) {
            String key = oldKeys[i];
            Object value = oldValues[i];
            if (key != null && value != null) {
                put(key, (V) value);
            }
        }
    }
}
