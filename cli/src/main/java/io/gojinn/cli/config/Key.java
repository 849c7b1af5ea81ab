package io.gojinn.cli.config;

import org.jspecify.annotations.Nullable;

/**
 * One key of a table: everything that decoding, the messages and the reference need to know of it.
 *
 * @param fallback the value when the key is left out; null when there is none
 * @param required whether leaving it out is a problem
 * @param meaning one or two sentences for the reference
 */
record Key<T>(String name, ValueType<T> type, @Nullable T fallback, boolean required, String meaning) {
    static <T> Key<T> required(String name, ValueType<T> type, String meaning) {
        return new Key<>(name, type, null, true, meaning);
    }

    static <T> Key<T> optional(String name, ValueType<T> type, String meaning) {
        return new Key<>(name, type, null, false, meaning);
    }

    static <T> Key<T> defaulted(String name, ValueType<T> type, T fallback, String meaning) {
        return new Key<>(name, type, fallback, false, meaning);
    }
}
