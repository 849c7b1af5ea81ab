package io.gojinn.proxy.middleware;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What a middleware does, and all it is configured with. A kind is a record here, a {@link io.gojinn.proxy.http.Middleware} that does
 * it and is made by the factory of the proxy, and its syntax in the config.
 */
public sealed interface MiddlewareKind
        permits MiddlewareKind.Call,
                MiddlewareKind.Shedding,
                AddressRules,
                CertificateRules,
                CorsRules,
                ErrorPageRules,
                ForwardAuthRules,
                HeaderRules,
                JwtRules,
                PasswordRules,
                RedirectRules,
                RewriteRules,
                RateRules,
                ConcurrencyRules,
                CompressionRules {
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

    /**
     * Refuses requests when there are more than can be answered in time. Answers may take {@code tolerance} times as long as they do
     * without a queue.
     *
     * @param initial requests at once, before anything is known
     * @param least requests at once, however slow answers are
     * @param most requests at once, however fast answers are
     */
    record Shedding(double tolerance, int initial, int least, int most) implements MiddlewareKind {
        private static final Shedding DEFAULTS = new Shedding(2, 100, 4, 10_000);

        public Shedding {
            if (!(tolerance >= 1) || least < 1 || initial < least || most < initial) {
                throw new IllegalArgumentException("tolerance, least, initial and most are " + tolerance + ", " + least
                        + ", " + initial + " and " + most + ", expected at least 1, and in this order");
            }
        }

        /** What holds where nothing else is said. */
        public static Shedding defaults() {
            return DEFAULTS;
        }
    }

    /** A part of an exchange's way. */
    enum Phase {
        REQUEST,
        RESPONSE
    }
}
