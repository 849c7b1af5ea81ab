package io.gojinn.proxy.failure;

/** Why a policy does not let a request pass that is well-formed. */
public enum Denial {
    /** The client's address is not let in. */
    ADDRESS("address", 403),
    /** More requests in a time than are let through. */
    RATE_LIMIT("rate_limit", 429),
    /** More requests at once than are let through. */
    CONCURRENCY_LIMIT("concurrency_limit", 429);

    private final String label;
    private final int status;

    Denial(String label, int status) {
        this.label = label;
        this.status = status;
    }

    /** The stable name in headers, logs and metrics. */
    public String label() {
        return label;
    }

    int status() {
        return status;
    }
}
