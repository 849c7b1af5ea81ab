package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.ConcurrencyRules;
import io.gojinn.proxy.middleware.LimitKey;
import java.util.List;

/** {@code [middleware.concurrency]}. */
final class ConcurrencySyntax {
    private static final Key<Integer> REQUESTS =
            Key.required("requests", Types.integer(1, 1_000_000), "So many requests at once.");
    private static final Key<LimitKey> BY =
            Key.defaulted("by", LimitKeySyntax.TYPE, new LimitKey.Client(), LimitKeySyntax.ABOUT);
    private static final Key<Integer> KEYS = Key.defaulted(
            "keys",
            Types.integer(1, 4_000_000),
            ConcurrencyRules.DEFAULT_KEYS,
            "How many may have requests at once; those of a further one are refused.");
    private static final Schema TABLE = new Schema(
            "[middleware.concurrency]",
            "How many requests are let through at once; others are answered 429. See [limits of rate](rate-limits.md).",
            "",
            List.of(REQUESTS, BY, KEYS));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("concurrency", Types.table(TABLE), "Limits the requests at once."),
            table -> new ConcurrencyRules(table.get(REQUESTS), table.get(BY), table.get(KEYS)),
            (table, checks) -> {});

    private ConcurrencySyntax() {}
}
