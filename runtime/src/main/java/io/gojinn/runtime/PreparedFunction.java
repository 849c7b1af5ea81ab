package io.gojinn.runtime;

/**
 * A function that is ready to be called, until it is closed.
 *
 * @param invoker what the data plane calls
 * @param module what is known of its module
 * @param lease of whoever prepared it: the same function prepared again is one function with two leases
 */
public record PreparedFunction(FunctionInvoker invoker, ModuleReport module, Registry.Lease<?> lease)
        implements AutoCloseable {
    /**
     * Lets go of it; no call may follow. When nobody else has prepared the same, its instances are closed as soon as its
     * executions have ended, and its module is forgotten when no other function has the same.
     */
    @Override
    public void close() {
        lease.close();
    }
}
