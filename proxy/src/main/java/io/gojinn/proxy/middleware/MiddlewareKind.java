package io.gojinn.proxy.middleware;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What a middleware does, and all it is configured with. A kind is a record here, a {@link io.gojinn.proxy.http.Middleware} that does
 * it and is made by the factory of the proxy, and its syntax in the config.
 */
public sealed interface MiddlewareKind
        permits MiddlewareKind.Call, AddressRules, HeaderRules, RateRules, ConcurrencyRules, CompressionRules {
    /** Files it reads: they are watched, and a middleware is another one when their content is. */
    default List<Path> files() {
        return List.of();
    }

    /**
     * Calls a function.
     *
     * @param function its name
     * @param phases when it is called, at least one
     * @param buffersBody whether it gets bodies, up to its {@code max_body}, and may replace them; otherwise they stream past
     * @param owns request fields that no client may send, see {@link io.gojinn.proxy.http.Middleware#ownedFields}
     */
    record Call(String function, Set<Phase> phases, boolean buffersBody, Set<String> owns) implements MiddlewareKind {
        public Call {
            phases = Set.copyOf(phases);
            owns = Set.copyOf(owns);
            if (phases.isEmpty()) {
                throw new IllegalArgumentException("no phases, expected at least one");
            }
        }

        /** A function that a route names itself: it looks at the header sections of requests. */
        public static Call named(String function) {
            return new Call(function, Set.of(Phase.REQUEST), false, Set.of());
        }
    }

    /** A part of an exchange's way. */
    enum Phase {
        REQUEST,
        RESPONSE
    }
}
