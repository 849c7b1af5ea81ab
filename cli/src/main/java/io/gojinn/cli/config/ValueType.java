package io.gojinn.cli.config;

import org.jspecify.annotations.Nullable;

/** How values of one kind are written in the file and read from it. */
interface ValueType<T> {
    /** With its article, for {@code expected ...} in messages and the reference. */
    String description();

    /** Decodes one value. Null when it is not acceptable; the problem is then reported already. */
    @Nullable
    T decode(Node node, Decoding decoding);

    /** What a message says was found there, which is not always to be shown. */
    default String found(Node node) {
        return node.shown();
    }

    /** The value as the file would say it, for defaults in the reference. */
    default String written(T value) {
        return value.toString();
    }

    /** The tables that values of this kind consist of, for the reference; null when they hold none. */
    default @Nullable Schema schema() {
        return null;
    }
}
