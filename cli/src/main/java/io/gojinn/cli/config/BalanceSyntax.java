package io.gojinn.cli.config;

import io.gojinn.proxy.upstream.BalancePolicy;
import io.gojinn.proxy.upstream.BalancePolicy.HashSource;
import java.util.List;
import java.util.Optional;

/** How a policy of balance is written. */
final class BalanceSyntax {
    static final String EXPECTED =
            "\"round_robin\", \"least_requests\", \"random_two\", \"hash:header:NAME\", \"hash:cookie:NAME\" or"
                    + " \"hash:client\"";

    static final String SOURCE = "\"header:NAME\", \"cookie:NAME\" or \"client\"";

    private static final String HASH = "hash:";
    private static final String HEADER = "header:";
    private static final String COOKIE = "cookie:";
    private static final String CLIENT = "client";
    private static final List<String> KNOWN =
            List.of("round_robin", "least_requests", "random_two", HASH + CLIENT, HASH + HEADER, HASH + COOKIE);

    private BalanceSyntax() {}

    static BalancePolicy parse(String text) throws Refused {
        if (text.startsWith(HASH)) {
            Optional<HashSource> source = find(text.substring(HASH.length()));
            if (source.isPresent()) {
                return new BalancePolicy.Hash(source.get());
            }
        }
        return switch (text) {
            case "round_robin" -> new BalancePolicy.RoundRobin();
            case "least_requests" -> new BalancePolicy.LeastRequests();
            case "random_two" -> new BalancePolicy.RandomTwo();
            default -> throw new Refused(EXPECTED, Nearest.to(text, KNOWN));
        };
    }

    static HashSource source(String text) throws Refused {
        Optional<HashSource> source = find(text);
        if (source.isEmpty()) {
            throw new Refused(SOURCE, Nearest.to(text, List.of(HEADER, COOKIE, CLIENT)));
        }
        return source.get();
    }

    private static Optional<HashSource> find(String text) throws Refused {
        if (text.startsWith(HEADER)) {
            return Optional.of(new HashSource.Header(name(text.substring(HEADER.length()))));
        }
        if (text.startsWith(COOKIE)) {
            return Optional.of(new HashSource.Cookie(name(text.substring(COOKIE.length()))));
        }
        return text.equals(CLIENT) ? Optional.of(new HashSource.Client()) : Optional.empty();
    }

    // Names of cookies are tokens as well (RFC 6265, 4.1.1).
    private static String name(String text) throws Refused {
        HttpSyntax.fieldName(text);
        return text;
    }

    static String written(BalancePolicy policy) {
        return '"'
                + switch (policy) {
                    case BalancePolicy.RoundRobin turns -> "round_robin";
                    case BalancePolicy.LeastRequests least -> "least_requests";
                    case BalancePolicy.RandomTwo two -> "random_two";
                    case BalancePolicy.Hash(HashSource source) -> HASH + text(source);
                }
                + '"';
    }

    static String written(HashSource source) {
        return '"' + text(source) + '"';
    }

    private static String text(HashSource source) {
        return switch (source) {
            case HashSource.Header(String name) -> HEADER + name;
            case HashSource.Cookie(String name) -> COOKIE + name;
            case HashSource.Client client -> CLIENT;
        };
    }
}
