package io.gojinn.cli.config;

import org.jspecify.annotations.Nullable;

/** A value that is not acceptable, thrown by the small parsers of one value and turned into a problem by their caller. */
final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    private final String expected;
    private final @Nullable String suggestion;

    Refused(String expected) {
        this(expected, null);
    }

    Refused(String expected, @Nullable String suggestion) {
        super(expected, null, false, false);
        this.expected = expected;
        this.suggestion = suggestion;
    }

    String expected() {
        return expected;
    }

    @Nullable
    String suggestion() {
        return suggestion;
    }
}
