package io.gojinn.proxy.http;

/** What a route does, ready to be done. Thread-safe; it lives as long as the snapshot it belongs to. */
@FunctionalInterface
public interface Action {
    /** Takes on an exchange, on its event loop. */
    Activity open(Exchange exchange);

    /** Whether it may make a tunnel for this protocol, in lower case; otherwise the wish for one is ignored. */
    default boolean takesUpgrade(String protocol) {
        return false;
    }

    /** Whether it passes on calls of gRPC message by message, so that a client may take its time between them. */
    default boolean passesCalls() {
        return false;
    }
}
