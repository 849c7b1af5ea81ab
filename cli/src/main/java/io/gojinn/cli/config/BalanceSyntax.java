package io.gojinn.cli.config;

import io.gojinn.proxy.upstream.BalancePolicy;
import io.gojinn.proxy.upstream.BalancePolicy.HashSource;
import java.util.List;

/** How a policy of balance is written. */
final class BalanceSyntax {
    static final String EXPECTED =
            "\"round_robin\", \"least_requests\", \"random_two\", \"hash:header:NAME\", \"hash:cookie:NAME\" or"
                    + " \"hash:client\"";

    private static final String HEADER = "hash:header:";
    private static final String COOKIE = "hash:cookie:";
    private static final List<String> KNOWN =
            List.of("round_robin", "least_requests", "random_two", "hash:client", HEADER, COOKIE);

    private BalanceSyntax() {}

    static BalancePolicy parse(String text) throws Refused {
        if (text.startsWith(HEADER)) {
            return new BalancePolicy.Hash(new HashSource.Header(name(text.substring(HEADER.length()))));
        }
        if (text.startsWith(COOKIE)) {
            return new BalancePolicy.Hash(new HashSource.Cookie(name(text.substring(COOKIE.length()))));
        }
        return switch (text) {
            case "round_robin" -> new BalancePolicy.RoundRobin();
            case "least_requests" -> new BalancePolicy.LeastRequests();
            case "random_two" -> new BalancePolicy.RandomTwo();
            case "hash:client" -> new BalancePolicy.Hash(new HashSource.Client());
            default -> throw new Refused(EXPECTED, Nearest.to(text, KNOWN));
        };
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
                    case BalancePolicy.Hash(HashSource.Header(String name)) -> HEADER + name;
                    case BalancePolicy.Hash(HashSource.Cookie(String name)) -> COOKIE + name;
                    case BalancePolicy.Hash(HashSource.Client client) -> "hash:client";
                }
                + '"';
    }
}
