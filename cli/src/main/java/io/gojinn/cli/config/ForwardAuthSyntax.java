package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.ForwardAuthRules;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** {@code [middleware.forward_auth]}. */
final class ForwardAuthSyntax {
    private static final Key<Sited<String>> UPSTREAM =
            Key.required("upstream", Types.sited(Types.name("the name of an upstream")), "Which upstream is asked.");
    private static final Key<String> PATH = Key.defaulted(
            "path",
            Types.checked("a path such as \"/verify\"", HttpSyntax::originForm),
            "/",
            "What it is asked for, with GET.");
    private static final Key<List<String>> REQUEST_HEADERS = Key.defaulted(
            "request_headers",
            Types.list(
                    Types.checked("the name of a header field", HttpSyntax::ownableFieldName),
                    "an array of header fields",
                    false),
            List.of("Authorization", "Cookie"),
            "Fields of the request that it is shown, beside X-Forwarded-Method, X-Forwarded-Uri and where it comes from.");
    private static final Key<List<String>> RESPONSE_HEADERS = Key.defaulted(
            "response_headers",
            Types.list(
                    Types.checked("the name of a header field", HttpSyntax::ownableFieldName),
                    "an array of header fields",
                    false),
            List.of(),
            "Fields of a good answer that the request gets; no client can send those.");
    private static final Key<Duration> TIMEOUT = Key.defaulted(
            "timeout",
            Types.duration(Duration.ofMillis(1), Duration.ofMinutes(1)),
            Duration.ofSeconds(1),
            "Of the question; without an answer by then it is 503.");
    private static final Schema TABLE = new Schema(
            "[middleware.forward_auth]",
            "Asks an upstream whether a request may pass, see [access](access.md).",
            "",
            List.of(UPSTREAM, PATH, REQUEST_HEADERS, RESPONSE_HEADERS, TIMEOUT));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("forward_auth", Types.table(TABLE), "Asks an upstream whether a request may pass."),
            table -> new ForwardAuthRules(
                    table.get(UPSTREAM).value(),
                    table.get(PATH),
                    table.get(REQUEST_HEADERS),
                    table.get(RESPONSE_HEADERS),
                    table.get(TIMEOUT)),
            ForwardAuthSyntax::check);

    private ForwardAuthSyntax() {}

    private static void check(Section table, CrossChecks checks) {
        table.find(UPSTREAM).ifPresent(checks::upstream);
        List<String> asked = table.find(REQUEST_HEADERS)
                .orElse(REQUEST_HEADERS.fallback() == null ? List.of() : REQUEST_HEADERS.fallback());
        for (String given : table.find(RESPONSE_HEADERS).orElse(List.of())) {
            if (asked.stream().anyMatch(name -> name.toLowerCase(Locale.ROOT).equals(given.toLowerCase(Locale.ROOT)))) {
                checks.problems()
                        .add(
                                table.placeOf(RESPONSE_HEADERS),
                                Shown.quoted(given) + ", one of request_headers too",
                                "a field that clients do not send");
            }
        }
    }
}
