package io.gojinn.runtime.host;

/** A function that guests may import, bound to one instance. Runs on the worker that holds the instance. */
@FunctionalInterface
public interface HostFunction {
    /**
     * Runs it.
     *
     * @return the result as the signature declares it: an i32 in the lower half, an i64 whole, ignored when there is none
     * @throws GuestUnwind to end the execution
     */
    long call(Arguments arguments);
}
