package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.CorsRules;
import io.gojinn.proxy.middleware.CorsRules.Below;
import io.gojinn.proxy.middleware.CorsRules.Origins;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code [middleware.cors]}. */
final class CorsSyntax {
    private static final Pattern ORIGIN =
            Pattern.compile("(https?)://(\\*\\.)?([^:/\\[\\]]+|\\[[0-9a-f:.]+])(:[0-9]{1,5})?");
    private static final String EXPECTED =
            "\"*\", or an origin such as \"https://shop.example.com\" or \"https://*.example.com\", without a path";

    private static final Key<List<String>> ORIGINS = Key.required(
            "origins",
            Types.list(Types.checked(EXPECTED, CorsSyntax::origin), "an array of origins", false),
            "Pages of these origins may read responses; `https://*.example.com` is every name below, `*` every page there is.");
    private static final Key<List<String>> METHODS = Key.defaulted(
            "methods",
            Types.list(Types.checked("a method such as \"PUT\"", HttpSyntax::method), "an array of methods", false),
            List.of("GET", "HEAD", "POST"),
            "Methods that preflights allow.");
    private static final Key<List<String>> REQUEST_HEADERS = Key.defaulted(
            "request_headers",
            Types.list(
                    Types.checked("the name of a header field", HttpSyntax::fieldName),
                    "an array of header fields",
                    false),
            List.of(),
            "Fields that preflights allow, beyond those that need none.");
    private static final Key<List<String>> EXPOSED = Key.defaulted(
            "expose",
            Types.list(
                    Types.checked("the name of a header field", HttpSyntax::fieldName),
                    "an array of header fields",
                    false),
            List.of(),
            "Fields of responses that pages may read, beyond those that they always may.");
    private static final Key<Boolean> CREDENTIALS = Key.defaulted(
            "credentials", Types.flag(), false, "Whether requests may carry cookies and the like; not with `*`.");
    private static final Key<Duration> MAX_AGE = Key.defaulted(
            "max_age",
            Types.duration(Duration.ZERO, Duration.ofHours(24)),
            Duration.ofMinutes(10),
            "How long a browser may remember the answer to a preflight.");
    private static final Schema TABLE = new Schema(
            "[middleware.cors]",
            "Which pages of other origins may read responses, see [access](access.md).",
            "",
            List.of(ORIGINS, METHODS, REQUEST_HEADERS, EXPOSED, CREDENTIALS, MAX_AGE));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("cors", Types.table(TABLE), "Says which pages of other origins may read responses."),
            CorsSyntax::rules,
            CorsSyntax::check);

    private CorsSyntax() {}

    private static CorsRules rules(Section table) {
        boolean any = false;
        Set<String> exact = new HashSet<>();
        List<Below> below = new ArrayList<>();
        for (String text : table.get(ORIGINS)) {
            Matcher origin = ORIGIN.matcher(text);
            if (text.equals("*")) {
                any = true;
            } else if (origin.matches() && origin.group(2) != null) {
                below.add(new Below(origin.group(1) + "://", "." + origin.group(3) + port(origin)));
            } else if (origin.matches()) {
                exact.add(text);
            }
        }
        return new CorsRules(
                new Origins(any, exact, below),
                Set.copyOf(table.get(METHODS)),
                table.get(REQUEST_HEADERS),
                table.get(EXPOSED),
                table.get(CREDENTIALS),
                table.get(MAX_AGE));
    }

    private static String port(Matcher origin) {
        return origin.group(4) == null ? "" : origin.group(4);
    }

    private static void check(Section table, CrossChecks checks) {
        List<String> origins = table.find(ORIGINS).orElse(List.of());
        if (table.find(CREDENTIALS).orElse(false) && origins.contains("*")) {
            checks.problems()
                    .add(
                            table.placeOf(CREDENTIALS),
                            "credentials beside \"*\"",
                            "the origins that are trusted with them (Fetch, 3.2.5)");
        }
    }

    // As browsers write one: anything else would never match.
    private static void origin(String text) throws Refused {
        if (text.equals("*")) {
            return;
        }
        Matcher origin = ORIGIN.matcher(text);
        if (!origin.matches() || !text.equals(text.toLowerCase(Locale.ROOT))) {
            throw new Refused(EXPECTED + ", in lower case");
        }
        String host = origin.group(3);
        if (!host.startsWith("[") && !HttpSyntax.isHostName(host)) {
            throw new Refused(EXPECTED);
        }
        if (port(origin).equals(origin.group(1).equals("https") ? ":443" : ":80")) {
            throw new Refused("an origin without the port that its scheme has anyway");
        }
    }
}
