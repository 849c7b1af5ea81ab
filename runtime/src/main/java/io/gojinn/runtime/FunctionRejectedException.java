package io.gojinn.runtime;

import java.util.List;

/** A function cannot be prepared: its module or its limits are not acceptable. */
public final class FunctionRejectedException extends Exception {
    private final List<String> reasons;

    /**
     * Rejects a function.
     *
     * @param subject what was rejected, a file or a function
     * @param reasons why, at least one
     */
    public FunctionRejectedException(String subject, List<String> reasons) {
        super(subject + ": " + String.join("; ", reasons));
        this.reasons = List.copyOf(reasons);
    }

    /** Everything that is wrong, each a sentence without the subject. */
    public List<String> reasons() {
        return reasons;
    }
}
