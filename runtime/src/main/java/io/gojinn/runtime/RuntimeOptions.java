package io.gojinn.runtime;

/**
 * How the runtime uses the machine.
 *
 * @param threads workers that run functions; 0 means one a core
 * @param queue the most executions of all functions together that wait for a worker
 */
public record RuntimeOptions(int threads, int queue) {
    public RuntimeOptions {
        if (threads < 0 || threads > 1_024) {
            throw new IllegalArgumentException("function_threads is " + threads + ", expected 0 to 1024");
        }
        if (queue < 0) {
            throw new IllegalArgumentException("function_queue is " + queue + ", expected at least 0");
        }
        threads = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }

    /** One worker a core, 4,096 waiting executions. */
    public static RuntimeOptions defaults() {
        return new RuntimeOptions(0, 4_096);
    }
}
