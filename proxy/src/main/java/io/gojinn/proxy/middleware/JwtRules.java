package io.gojinn.proxy.middleware;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Lets requests pass that carry a valid JSON Web Token in {@code Authorization: Bearer} (RFC 7519, RFC 6750).
 *
 * @param algorithms the only ones that are taken, at least one
 * @param keys what tokens are signed with
 * @param issuer what {@code iss} must be; empty: anything
 * @param audiences one of which {@code aud} must name; empty: anything
 * @param leeway how far the clocks of issuer and proxy may be apart
 * @param passes claims that the upstream is told, by claim, with the request field for each; those fields are owned
 */
public record JwtRules(
        Set<Algorithm> algorithms,
        Keys keys,
        Optional<String> issuer,
        List<String> audiences,
        Duration leeway,
        Map<String, String> passes)
        implements MiddlewareKind {
    public JwtRules {
        algorithms = Set.copyOf(algorithms);
        audiences = List.copyOf(audiences);
        passes = Map.copyOf(passes);
        if (algorithms.isEmpty()) {
            throw new IllegalArgumentException("no algorithms, expected at least one");
        }
    }

    /** How a token is signed (RFC 7518, 3.1; RFC 8037). There is no {@code none}. */
    public enum Algorithm {
        RS256("RS256"),
        ES256("ES256"),
        EDDSA("EdDSA"),
        HS256("HS256");

        private final String id;

        Algorithm(String id) {
            this.id = id;
        }

        /** As headers of tokens have it. */
        public String id() {
            return id;
        }
    }

    /** Where the keys come from. */
    public sealed interface Keys {
        /**
         * A set of keys that an upstream gives (RFC 7517, 5).
         *
         * @param path what is asked for
         * @param host asked for as Host, and in place of the target's own name
         * @param refresh how old a set may be before it is asked for again, beside the requests
         * @param maxStale how much older it may be while the upstream gives none
         * @param retry the least time between two fetches, whatever asks for them
         * @param timeout of a fetch
         */
        record Fetched(
                String upstream,
                String path,
                Optional<String> host,
                Duration refresh,
                Duration maxStale,
                Duration retry,
                Duration timeout)
                implements Keys {}

        /**
         * A set of keys from the config.
         *
         * @param json as of RFC 7517, 5
         */
        record Given(Secret json) implements Keys {}

        /**
         * A secret that both sides know, for HS256.
         *
         * @param secret at least 32 bytes (RFC 7518, 3.2)
         */
        record Shared(Secret secret) implements Keys {}
    }
}
