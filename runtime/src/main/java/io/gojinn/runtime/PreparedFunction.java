package io.gojinn.runtime;

/**
 * A function that is ready to be called.
 *
 * @param invoker what the data plane calls
 * @param module what is known of its module
 */
public record PreparedFunction(FunctionInvoker invoker, ModuleReport module) {}
