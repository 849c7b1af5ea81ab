package io.gojinn.runtime;

/** Whether there is room for an execution, and at whose bound there is none. Labels are part of metrics. */
public enum Admission {
    ADMITTED("admitted"),
    /** As many executions of the function wait or run as may. */
    FUNCTION_FULL("function"),
    /** As many executions of all functions wait as may. */
    NODE_FULL("node"),
    /** As many executions of the tenant wait or run as may, or its share of the function's or the node's queue is used up. */
    TENANT_FULL("tenant"),
    /** The tenant has made as many requests as it may. */
    TENANT_REQUESTS("tenant_requests"),
    /** The tenant has used more fuel than it may. */
    TENANT_FUEL("tenant_fuel");

    private final String label;

    Admission(String label) {
        this.label = label;
    }

    /** The stable name in metrics. */
    public String label() {
        return label;
    }
}
