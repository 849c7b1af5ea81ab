package io.gojinn.proxy;

import java.io.IOException;
import java.util.List;

/** A config asks for what cannot be had: a certificate, an address. */
public final class UnusableConfigException extends IOException {
    private final List<String> problems;

    UnusableConfigException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** Everything that is wrong, a line each, with the name of the listener or the upstream. */
    public List<String> problems() {
        return problems;
    }
}
