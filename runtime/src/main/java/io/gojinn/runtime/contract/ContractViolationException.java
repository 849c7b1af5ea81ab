package io.gojinn.runtime.contract;

/** A function's output is no valid response envelope. Carries no stack trace: it is the function's error, not the host's. */
public final class ContractViolationException extends Exception {
    /**
     * A violation.
     *
     * @param offset of the offending byte in the output
     * @param problem what was found and what was expected
     */
    ContractViolationException(int offset, String problem) {
        super("output at byte " + offset + ": " + problem, null, false, false);
    }
}
