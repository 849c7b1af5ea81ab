package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.LimitKey;
import io.gojinn.proxy.middleware.RateRules;
import java.time.Duration;
import java.util.List;

/** {@code [middleware.rate]}. */
final class RateSyntax {
    private static final Key<Integer> REQUESTS = Key.required(
            "requests", Types.integer(1, RateRules.MOST_REQUESTS), "So many requests, in the time of `per`.");
    private static final Key<Duration> PER = Key.defaulted(
            "per",
            Types.duration(Duration.ofSeconds(1), Duration.ofHours(24)),
            Duration.ofSeconds(1),
            "The time in which so many requests are let through.");
    private static final Key<Integer> BURST = Key.optional(
            "burst",
            Types.integer(1, RateRules.MOST_REQUESTS),
            "So many of them may come at once, at most all. Left out: all.");
    private static final Key<LimitKey> BY =
            Key.defaulted("by", LimitKeySyntax.TYPE, new LimitKey.Client(), LimitKeySyntax.ABOUT);
    private static final Key<Integer> KEYS = Key.defaulted(
            "keys",
            Types.integer(1, 4_000_000),
            RateRules.DEFAULT_KEYS,
            "How many are told apart at once; 64 to 128 bytes of memory for each.");
    private static final Schema TABLE = new Schema(
            "[middleware.rate]",
            "How many requests are let through in a time; others are answered 429. See [limits of rate](rate-limits.md).",
            "",
            List.of(REQUESTS, PER, BURST, BY, KEYS));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("rate", Types.table(TABLE), "Limits the rate of requests."),
            RateSyntax::of,
            RateSyntax::check);

    private RateSyntax() {}

    private static RateRules of(Section table) {
        int requests = table.get(REQUESTS);
        return new RateRules(
                requests, table.get(PER), table.find(BURST).orElse(requests), table.get(BY), table.get(KEYS));
    }

    private static void check(Section table, CrossChecks checks) {
        int most = table.find(REQUESTS).orElse(RateRules.MOST_REQUESTS);
        table.find(BURST)
                .filter(burst -> burst > most)
                .ifPresent(burst -> checks.problems()
                        .add(table.placeOf(BURST), String.valueOf(burst), "at most requests, " + most));
    }
}
