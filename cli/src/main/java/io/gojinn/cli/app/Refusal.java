package io.gojinn.cli.app;

import java.util.List;

/** The application cannot start as configured. */
public final class Refusal extends Exception {
    private final List<String> problems;

    Refusal(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** Everything that is wrong, a line each. */
    public List<String> problems() {
        return problems;
    }
}
