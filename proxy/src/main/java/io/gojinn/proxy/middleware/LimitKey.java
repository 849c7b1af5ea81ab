package io.gojinn.proxy.middleware;

/** Whose requests are counted together by a limit. */
public sealed interface LimitKey {
    /** Those of one client: an IPv4 address, or an IPv6 /64. */
    record Client() implements LimitKey {}

    /** Those with the same value of a field; without the field, those of one client. */
    record Header(String name) implements LimitKey {}

    /** Those with the same {@code X-API-Key}, or without one, the same {@code Authorization}; without both, those of one client. */
    record ApiKey() implements LimitKey {}

    /** Those that a route takes. */
    record Route() implements LimitKey {}
}
