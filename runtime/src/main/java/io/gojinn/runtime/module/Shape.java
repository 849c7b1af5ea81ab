package io.gojinn.runtime.module;

/** How a module is entered; see the function contract. */
public enum Shape {
    /** Exports {@code _start}: every request starts from the fresh instance. */
    COMMAND("_start"),
    /** Exports {@code gojinn_handle}: every request starts from the state captured after {@code _initialize}. */
    REACTOR("gojinn_handle");

    private final String entry;

    Shape(String entry) {
        this.entry = entry;
    }

    /** The name of the exported function that serves a request. */
    public String entry() {
        return entry;
    }
}
