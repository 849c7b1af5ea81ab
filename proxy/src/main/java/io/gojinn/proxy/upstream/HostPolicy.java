package io.gojinn.proxy.upstream;

/**
 * What the targets of an upstream get as Host, or as {@code :authority} (RFC 9110, 7.2). {@code X-Forwarded-Host} tells them what
 * the client asked for either way.
 */
public sealed interface HostPolicy {
    /** What the client asked for; the target's own name when it named none, as HTTP/1.0 allows. */
    record OfClient() implements HostPolicy {}

    /** The name of the target in the config. */
    record OfTarget() implements HostPolicy {}

    /**
     * Always the same.
     *
     * @param authority a host, with or without a port
     */
    record Fixed(String authority) implements HostPolicy {}

    /** What a target gets. */
    default String choose(String ofClient, String ofTarget) {
        return switch (this) {
            case OfClient() -> ofClient.isEmpty() ? ofTarget : ofClient;
            case OfTarget() -> ofTarget;
            case Fixed(String authority) -> authority;
        };
    }
}
