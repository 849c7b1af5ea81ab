package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.Coding;
import io.gojinn.proxy.middleware.CompressionRules;
import java.util.List;

/** {@code [middleware.compress]}. */
final class CompressionSyntax {
    private static final Key<List<Coding>> CODINGS = Key.defaulted(
            "codings",
            codings(),
            List.of(Coding.values()),
            "A client gets the one it likes best; of those it likes equally, the first here.");
    private static final Key<List<String>> TYPES = Key.defaulted(
            "types",
            Types.list(
                    Types.checked(
                            "a media type such as \"text/html\", \"text/*\" or \"*+json\"", HttpSyntax::typePattern),
                    "an array of media types",
                    false),
            CompressionRules.DEFAULT_TYPES,
            "Media types that are compressed. `text/event-stream` and gRPC never are.");
    private static final Key<Long> MIN_SIZE = Key.defaulted(
            "min_size", Types.size(0, 1L << 30), 1L << 10, "Bodies that are known to be shorter stay as they are.");
    private static final Key<Boolean> CREDENTIALS = Key.defaulted(
            "credentials",
            Types.flag(),
            false,
            "Whether what may hold secrets is compressed: answers to requests with `Cookie`, `Authorization` or a client's"
                    + " certificate that are not `Cache-Control: public`, and those with `Set-Cookie`. See"
                    + " [compression](compression.md) before you say `true`.");
    private static final Key<Integer> ACTIVE = Key.defaulted(
            "active",
            Types.integer(1, 100_000),
            256,
            "So many responses are compressed at once, with about 1 MiB of memory each; others stay as they are.");
    private static final Schema TABLE = new Schema(
            "[middleware.compress]",
            "Which responses are compressed, and how. See [compression](compression.md).",
            "",
            List.of(CODINGS, TYPES, MIN_SIZE, CREDENTIALS, ACTIVE));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("compress", Types.table(TABLE), "Compresses responses."),
            table -> new CompressionRules(
                    table.get(CODINGS),
                    table.get(TYPES),
                    table.get(MIN_SIZE),
                    table.get(CREDENTIALS),
                    table.get(ACTIVE)),
            (table, checks) -> checks.notEmpty(table.find(CODINGS), table.placeOf(CODINGS), "coding"));

    private CompressionSyntax() {}

    static ValueType<List<Coding>> codings() {
        return Types.list(
                Types.choice(List.of(Coding.values()), Coding::token),
                "an array of \"zstd\", \"br\" and \"gzip\"",
                false);
    }
}
