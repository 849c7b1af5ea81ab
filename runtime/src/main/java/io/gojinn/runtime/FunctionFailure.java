package io.gojinn.runtime;

/** Why an execution has no valid response. Labels are part of the contract ({@code X-Gojinn-Error}) and of metrics. */
public enum FunctionFailure {
    /** The function exited with a code other than 0. */
    EXIT("exit"),
    /** The function trapped. */
    TRAP("trap"),
    /** The function exhausted its call stack. */
    STACK("stack"),
    /** The function trapped after it was refused memory or table elements. */
    MEMORY("memory"),
    /** The function used up its fuel. */
    FUEL("fuel"),
    /** The function ran past its deadline. */
    DEADLINE("deadline"),
    /** The output is no valid response envelope. */
    CONTRACT("contract"),
    /** The function wrote more than its limit. */
    OUTPUT_LIMIT("output_limit"),
    /** There was no room for the call: function or node at its bound. */
    OVERLOADED("overloaded"),
    /** The caller gave the execution up. */
    CANCELLED("cancelled"),
    /** A defect of the host, not of the function. */
    INTERNAL("internal");

    private final String label;

    FunctionFailure(String label) {
        this.label = label;
    }

    /** The stable name in headers, logs and metrics. */
    public String label() {
        return label;
    }
}
