package io.gojinn.proxy.tenant;

/** What of a request tells its tenant. */
public sealed interface TenantSource {
    /** The API key in this field; who has none of the config's is told apart from nobody. */
    record ApiKey(String field) implements TenantSource {}

    /** The name in this field, which is believed: whoever is in front, or a middleware that owns it, must have set it. */
    record Header(String field) implements TenantSource {}

    /** The address of the client: of IPv6 its /64. */
    record ClientAddress() implements TenantSource {}
}
