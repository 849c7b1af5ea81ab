package io.gojinn.cli.config;

import java.time.Duration;
import java.util.Optional;

/** Durations and sizes as config files write them, for options of the command line. */
public final class Quantities {
    private Quantities() {}

    /** A duration such as {@code 50ms}; empty when it is none. */
    public static Optional<Duration> duration(String text) {
        try {
            return Optional.of(Duration.ofNanos(Types.quantity(text, Types.NANOS, "a duration")));
        } catch (Refused refused) {
            return Optional.empty();
        }
    }

    /** A size such as {@code 64MiB}, in bytes; empty when it is none. */
    public static Optional<Long> size(String text) {
        try {
            return Optional.of(Types.quantity(text, Types.BYTES, "a size"));
        } catch (Refused refused) {
            return Optional.empty();
        }
    }
}
