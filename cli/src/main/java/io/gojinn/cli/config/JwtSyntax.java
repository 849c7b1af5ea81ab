package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.JwtRules;
import io.gojinn.proxy.middleware.JwtRules.Algorithm;
import io.gojinn.proxy.middleware.JwtRules.Keys;
import io.gojinn.proxy.middleware.Secret;
import io.gojinn.proxy.policy.jwt.KeySet;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** {@code [middleware.jwt]}. */
final class JwtSyntax {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration DAY = Duration.ofHours(24);

    private static final Key<Sited<String>> UPSTREAM = Key.required(
            "upstream", Types.sited(Types.name("the name of an upstream")), "Which upstream gives the keys.");
    private static final Key<String> PATH = Key.defaulted(
            "path",
            Types.checked("a path such as \"/.well-known/jwks.json\"", HttpSyntax::originForm),
            "/.well-known/jwks.json",
            "What it is asked for.");
    private static final Key<String> HOST = Key.optional(
            "host",
            Types.checked("a host name", HttpSyntax::hostName),
            "The Host that is asked for; left out, the target's own.");
    private static final Key<Duration> REFRESH = Key.defaulted(
            "refresh",
            Types.duration(SECOND, DAY),
            Duration.ofMinutes(10),
            "How old keys may be before they are fetched again, beside the requests.");
    private static final Key<Duration> MAX_STALE = Key.defaulted(
            "max_stale",
            Types.duration(Duration.ZERO, Duration.ofDays(30)),
            DAY,
            "How much older they may be while none come; then the answer is 503.");
    private static final Key<Duration> RETRY = Key.defaulted(
            "retry",
            Types.duration(Duration.ofMillis(10), DAY),
            Duration.ofSeconds(10),
            "The least time between two fetches, whatever asks for them: unknown keys of tokens do, and failures.");
    private static final Key<Duration> TIMEOUT = Key.defaulted(
            "timeout",
            Types.duration(Duration.ofMillis(1), Duration.ofMinutes(1)),
            Duration.ofSeconds(5),
            "Of a fetch.");
    private static final Schema JWKS_TABLE = new Schema(
            "[middleware.jwt.jwks]",
            "Keys that an upstream gives (RFC 7517).",
            "",
            List.of(UPSTREAM, PATH, HOST, REFRESH, MAX_STALE, RETRY, TIMEOUT));

    private static final Key<Section> JWKS =
            Key.optional("jwks", Types.table(JWKS_TABLE), "Keys that an upstream gives.");
    private static final Key<Secret> KEYS = Key.optional(
            "keys",
            Types.secret("a set of keys in JSON (RFC 7517)", JwtSyntax::keys),
            "Keys in JSON; `${file:keys.json}` takes them from a file.");
    private static final Key<Secret> SECRET = Key.optional(
            "secret",
            Types.secret("a secret of at least " + KeySet.MIN_SECRET_BYTES + " bytes", JwtSyntax::secret),
            "The secret of HS256, at least 32 bytes (RFC 7518, 3.2); `${file:/run/secrets/name}` keeps it out of the config.");
    private static final List<Key<?>> SOURCES = List.of(JWKS, KEYS, SECRET);
    private static final Key<List<Algorithm>> ALGORITHMS = Key.required(
            "algorithms",
            Types.list(
                    Types.choice(List.of(Algorithm.values()), Algorithm::id),
                    "an array of \"RS256\", \"ES256\", \"EdDSA\" and \"HS256\"",
                    false),
            "The only algorithms that are taken: `RS256`, `ES256`, `EdDSA`, `HS256`. There is no `none`.");
    private static final Key<String> ISSUER = Key.optional(
            "issuer", Types.string("the issuer"), "What `iss` must be, to the letter; left out: anything.");
    private static final Key<List<String>> AUDIENCE = Key.defaulted(
            "audience",
            Types.list(Types.string("an audience"), "an audience, or an array of them", true),
            List.of(),
            "One of these must be in `aud`; empty: anything.");
    private static final Key<Duration> LEEWAY = Key.defaulted(
            "leeway",
            Types.duration(Duration.ZERO, Duration.ofMinutes(5)),
            Duration.ofSeconds(30),
            "How far the clocks of issuer and proxy may be apart.");
    private static final Key<Map<String, String>> PASS = Key.defaulted(
            "pass",
            Types.strings("a table of claims and header fields", JwtSyntax::claim, HttpSyntax::ownableFieldName),
            Map.of(),
            "Claims with the request fields that tell the upstream; no client can send those.");
    private static final Schema TABLE = new Schema(
            "[middleware.jwt]",
            "Asks for a JSON Web Token (RFC 7519), see [access](access.md): with exactly one of `jwks`, `keys` and `secret`.",
            """
            [[middleware]]
            name = "token"
            [middleware.jwt]
            algorithms = ["RS256", "ES256"]
            jwks = { upstream = "login", path = "/.well-known/jwks.json" }
            issuer = "https://login.example.com"
            audience = "shop"
            pass = { sub = "X-User" }
            """,
            List.of(ALGORITHMS, JWKS, KEYS, SECRET, ISSUER, AUDIENCE, LEEWAY, PASS));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("jwt", Types.table(TABLE), "Asks for a JSON Web Token."), JwtSyntax::rules, JwtSyntax::check);

    private JwtSyntax() {}

    private static JwtRules rules(Section table) {
        return new JwtRules(
                Set.copyOf(table.get(ALGORITHMS)),
                source(table),
                table.find(ISSUER),
                table.get(AUDIENCE),
                table.get(LEEWAY),
                table.get(PASS));
    }

    private static Keys source(Section table) {
        return table.find(KEYS)
                .<Keys>map(json -> new Keys.Given(json))
                .or(() -> table.find(SECRET).map(secret -> new Keys.Shared(secret)))
                .orElseGet(() -> fetched(table.table(JWKS)));
    }

    private static Keys.Fetched fetched(Section jwks) {
        return new Keys.Fetched(
                jwks.get(UPSTREAM).value(),
                jwks.get(PATH),
                jwks.find(HOST),
                jwks.get(REFRESH),
                jwks.get(MAX_STALE),
                jwks.get(RETRY),
                jwks.get(TIMEOUT));
    }

    private static void check(Section table, CrossChecks checks) {
        checks.oneOf(table, SOURCES, "keys");
        checks.notEmpty(table.find(ALGORITHMS), table.placeOf(ALGORITHMS), "algorithm");
        table.table(JWKS).find(UPSTREAM).ifPresent(checks::upstream);
        List<Algorithm> algorithms = table.find(ALGORITHMS).orElse(List.of());
        boolean shared = algorithms.contains(Algorithm.HS256);
        if (shared && table.has(JWKS)) {
            checks.problems()
                    .add(
                            table.placeOf(ALGORITHMS),
                            "HS256 with keys that anybody may fetch",
                            "secret, or another algorithm");
        }
        boolean others =
                Stream.of(Algorithm.RS256, Algorithm.ES256, Algorithm.EDDSA).anyMatch(algorithms::contains);
        if (table.has(SECRET) && others) {
            checks.problems().add(table.placeOf(ALGORITHMS), "more than HS256 with a secret", "[\"HS256\"]");
        }
        checks.distinctValues(table, PASS);
    }

    private static void keys(String json) throws Refused {
        try {
            KeySet.parse(json.getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException unusable) {
            throw new Refused("keys that can be used, found " + unusable.getMessage());
        }
    }

    private static void secret(String text) throws Refused {
        if (text.getBytes(StandardCharsets.UTF_8).length < KeySet.MIN_SECRET_BYTES) {
            throw new Refused("at least " + KeySet.MIN_SECRET_BYTES + " bytes (RFC 7518, 3.2)");
        }
    }

    private static void claim(String name) throws Refused {
        if (name.isEmpty()) {
            throw new Refused("the name of a claim");
        }
    }
}
