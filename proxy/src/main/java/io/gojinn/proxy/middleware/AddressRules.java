package io.gojinn.proxy.middleware;

import io.gojinn.proxy.address.AddressRange;
import java.util.List;

/**
 * Lets clients pass by their address.
 *
 * @param allow where it is not empty nobody else passes
 * @param deny who does not pass even so
 */
public record AddressRules(List<AddressRange> allow, List<AddressRange> deny) implements MiddlewareKind {
    public AddressRules {
        allow = List.copyOf(allow);
        deny = List.copyOf(deny);
    }
}
