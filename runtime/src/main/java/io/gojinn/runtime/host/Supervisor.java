package io.gojinn.runtime.host;

/** Who an execution answers to while it runs. Called by the worker that runs it. */
@FunctionalInterface
public interface Supervisor {
    /**
     * Whether the execution has to end. Asked at every slice of fuel; may first wait for as long as it is the turn of
     * others.
     */
    boolean isStopped();

    /** The guest is about to wait: until {@link #awake}, others may have its turn. */
    default void asleep() {}

    /** It has waited. May wait for its turn. */
    default void awake() {}
}
