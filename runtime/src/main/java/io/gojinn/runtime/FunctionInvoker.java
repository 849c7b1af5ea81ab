package io.gojinn.runtime;

/**
 * A prepared function that can be called: the one seam between the data plane and the runtime.
 *
 * <p>Thread-safe; nothing here blocks, so an event loop may call it.
 */
public interface FunctionInvoker {
    /** The function's name in configs, logs and metrics. */
    String name();

    /** The limits its executions run under. */
    FunctionLimits limits();

    /** About how much its executions write, lately, so that memory is taken once; 0 when nothing is known. */
    default int usualOutputBytes() {
        return 0;
    }

    /**
     * Starts one execution. {@link Invocation#completed} is called exactly once, whatever happens: on a worker thread, or
     * on the calling thread before this method returns when there is no room.
     *
     * @param invocation the call; the runtime owns it until it has called {@code completed}
     * @return a handle to give the execution up early
     */
    Execution invoke(Invocation invocation);

    /** A running or waiting execution. Thread-safe. */
    interface Execution {
        /**
         * Ends the execution because nobody waits for it any more. It completes as {@link FunctionFailure#CANCELLED} unless
         * it was already over; calling this twice or too late does nothing.
         */
        void cancel();
    }
}
