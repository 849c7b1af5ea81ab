package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.middleware.JwtRules;
import io.gojinn.proxy.middleware.JwtRules.Algorithm;
import io.gojinn.proxy.middleware.JwtRules.Keys;
import io.gojinn.proxy.middleware.Secret;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.upstream.UpstreamConfig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens that clients prove themselves with: which pass, and what the others are answered. */
class JwtTest {
    private static final TokenSigner RSA = TokenSigner.rs256("rsa");
    private static final TokenSigner EC = TokenSigner.es256("ec");
    private static final TokenSigner ED = TokenSigner.edDsa("ed");
    private static final byte[] SECRET = "a secret of more than thirty-two bytes".getBytes(StandardCharsets.UTF_8);
    private static final Set<Algorithm> PUBLIC = Set.of(Algorithm.RS256, Algorithm.ES256, Algorithm.EDDSA);
    private static final Map<String, String> PASSES = Map.of("sub", "X-User", "groups", "X-Groups");

    private static Keys given(TokenSigner... signers) {
        return new Keys.Given(new Secret(TokenSigner.set(signers)));
    }

    private static JwtRules rules(Set<Algorithm> algorithms, Keys keys) {
        return new JwtRules(algorithms, keys, Optional.empty(), List.of(), Duration.ofSeconds(5), PASSES);
    }

    private static Keys.Fetched fetched(Duration refresh, Duration maxStale, Duration retry) {
        return new Keys.Fetched(
                "login", "/jwks.json", Optional.empty(), refresh, maxStale, retry, Duration.ofSeconds(2));
    }

    private static long now() {
        return System.currentTimeMillis() / 1000;
    }

    private static String claims(long expiresIn, String more) {
        return "{\"sub\":\"ada\",\"exp\":" + (now() + expiresIn) + more + "}";
    }

    private static final String GOOD = claims(600, "");

    private static TestProxy.Builder guarded(RawUpstream app, JwtRules rules) {
        return TestProxy.with()
                .middleware("token", rules)
                .route("/", List.of("token"), new RouteAction.Forward("app"))
                .upstream(app.config());
    }

    private static Response ask(TestProxy proxy, String token) {
        return askWith(proxy, "Authorization: Bearer " + token + "\r\n");
    }

    private static Response askWith(TestProxy proxy, String fields) {
        try (RawClient client = proxy.connect()) {
            return client.send("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n")
                    .read();
        }
    }

    private static void assertRefused(Response response, int status, String label) {
        assertThat(response.header("x-gojinn-error")).isEqualTo(label);
        assertThat(response.status()).isEqualTo(status);
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void letsGoodTokensPassAndTellsTheUpstreamWhoItIs(Algorithm algorithm) {
        String claims = claims(600, ",\"groups\":[\"a\",\"b\\r\\nEvil: 1\"]");
        JwtRules rules = switch (algorithm) {
            case HS256 ->
                rules(Set.of(algorithm), new Keys.Shared(new Secret(new String(SECRET, StandardCharsets.UTF_8))));
            case RS256, ES256, EDDSA -> rules(Set.of(algorithm), given(RSA, EC, ED));
        };
        String token = switch (algorithm) {
            case HS256 -> TokenSigner.shared(SECRET, "{\"alg\":\"HS256\"}", claims);
            case RS256 -> RSA.token(claims);
            case ES256 -> EC.token(claims);
            case EDDSA -> ED.token(claims);
        };
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, rules).start()) {
            // Twice: checked, and known.
            for (int i = 0; i < 2; i++) {
                Response response = askWith(
                        proxy,
                        "authorization: bearer " + token + "\r\nX-User: root\r\nX_User: root\r\nX-Groups: all\r\n");
                assertThat(response.status()).isEqualTo(200);
                assertThat(response.body().lines())
                        .contains("X-User: ada")
                        .anyMatch(line -> line.matches("X-Groups: a,b%0D%0AEvil: 1"))
                        .noneMatch(line -> line.contains("root") || line.startsWith("Evil"));
            }
        }
    }

    @Test
    void asksForATokenWhereThereIsNone() {
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, rules(PUBLIC, given(RSA))).start()) {
            Response response = askWith(proxy, "");
            assertRefused(response, 401, "token_missing");
            assertThat(response.header("www-authenticate")).isEqualTo("Bearer");
            assertRefused(askWith(proxy, "Authorization: Basic YTpi\r\n"), 401, "token_missing");
            assertRefused(
                    askWith(proxy, "Authorization: Bearer x\r\nAuthorization: Bearer y\r\n"), 401, "token_malformed");
            assertThat(proxy.metric("gojinn_denied_requests_total", "reason", "token_missing"))
                    .isEqualTo(2);
        }
    }

    /** A refusal costs no connection, and never shows the token. */
    @Test
    void saysWhatIsWrongWithATokenAndKeepsTheConnection() {
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, rules(PUBLIC, given(RSA))).start();
                RawClient client = proxy.connect()) {
            String head = "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ";
            Response refused =
                    client.send(head + RSA.token(claims(-60, "")) + "\r\n\r\n").read();
            assertRefused(refused, 401, "token_expired");
            assertThat(refused.header("www-authenticate"))
                    .isEqualTo("Bearer error=\"invalid_token\", error_description=\"token_expired\"");
            assertThat(client.send(head + RSA.token(GOOD) + "\r\n\r\n").read().status())
                    .isEqualTo(200);
        }
    }

    @Test
    void refusesTokensOfOtherKeys() {
        TokenSigner stranger = TokenSigner.rs256("stranger");
        TokenSigner impostor = TokenSigner.rs256("rsa");
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy =
                        guarded(app, rules(PUBLIC, given(RSA, EC, ED))).start()) {
            assertRefused(ask(proxy, stranger.token(GOOD)), 401, "token_key");
            assertRefused(ask(proxy, impostor.token(GOOD)), 401, "token_signature");
            // Without a name every key of the algorithm is tried, and no other.
            assertRefused(ask(proxy, stranger.token("{\"alg\":\"RS256\"}", GOOD)), 401, "token_signature");
            assertThat(ask(proxy, RSA.token("{\"alg\":\"RS256\"}", GOOD)).status())
                    .isEqualTo(200);
            // A key's name does not lend it to another algorithm.
            assertRefused(ask(proxy, EC.token("{\"alg\":\"ES256\",\"kid\":\"rsa\"}", GOOD)), 401, "token_key");
            String whole = RSA.token(GOOD);
            String other = RSA.token(claims(600, ",\"admin\":true"));
            String spliced = whole.substring(0, whole.indexOf('.'))
                    + other.substring(other.indexOf('.'), other.lastIndexOf('.'))
                    + whole.substring(whole.lastIndexOf('.'));
            assertRefused(ask(proxy, spliced), 401, "token_signature");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"alg\":\"none\"}",
                "{\"alg\":\"None\"}",
                "{\"alg\":\"nOnE\",\"kid\":\"rsa\"}",
                "{\"alg\":\"\"}",
                "{}",
                "{\"alg\":null}",
                "{\"alg\":[\"RS256\"]}",
                "{\"alg\":\"RS512\",\"kid\":\"rsa\"}",
                "{\"alg\":\"rs256\",\"kid\":\"rsa\"}",
                "{\"alg\":\"HS256\",\"kid\":\"rsa\"}"
            })
    void refusesAlgorithmsThatAreNotAskedFor(String header) {
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, rules(PUBLIC, given(RSA))).start()) {
            String signed = TokenSigner.encoded(header) + '.' + TokenSigner.encoded(GOOD);
            assertRefused(ask(proxy, signed + '.'), 401, "token_algorithm");
            assertRefused(ask(proxy, RSA.token(header, GOOD)), 401, "token_algorithm");
        }
    }

    /** The oldest trick: the public key as the secret. */
    @Test
    void neverTakesAPublicKeyForASecret() {
        Set<Algorithm> all = Set.of(Algorithm.values());
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, rules(all, given(RSA))).start()) {
            String forged = TokenSigner.shared(
                    RSA.keys().getPublic().getEncoded(), "{\"alg\":\"HS256\",\"kid\":\"rsa\"}", GOOD);
            assertRefused(ask(proxy, forged), 401, "token_key");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-60 |                                    | token_expired",
                "-2  |                                    | ",
                "600 | ,\"nbf\":%d60                      | ",
                "600 | ,\"nbf\":NBF                       | token_early",
                "600 | ,\"nbf\":\"soon\"                  | token_claims",
                "600 | ,\"exp\":99999999999               | token_malformed",
                "600 | ,\"iss\":\"other\"                 | token_claims"
            })
    void refusesTokensOutOfTheirTime(long expiresIn, String more, String label) {
        String extra = more == null ? "" : more.replace("%d60", "0").replace("NBF", String.valueOf(now() + 60));
        JwtRules rules = new JwtRules(
                PUBLIC,
                given(RSA),
                more != null && more.contains("iss") ? Optional.of("login") : Optional.empty(),
                List.of(),
                Duration.ofSeconds(5),
                Map.of());
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, rules).start()) {
            assertRefused(ask(proxy, RSA.token(claims(expiresIn, extra))), label == null ? 200 : 401, label);
        }
    }

    /** A token that is known is still looked at with the clock. */
    @Test
    void knownTokensExpire() {
        JwtRules rules = new JwtRules(PUBLIC, given(RSA), Optional.empty(), List.of(), Duration.ZERO, Map.of());
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, rules).start()) {
            String token = RSA.token(claims(2, ""));
            assertThat(ask(proxy, token).status()).isEqualTo(200);
            await().untilAsserted(() -> assertRefused(ask(proxy, token), 401, "token_expired"));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"sub\":\"ada\"}",
                "{\"exp\":\"9999999999\"}",
                "{\"exp\":1e400}",
                "{\"exp\":99999999999999999999999999999999}",
                "{\"exp\":9999999999,\"iss\":\"https://login\",\"aud\":\"other\"}",
                "{\"exp\":9999999999,\"iss\":\"https://login/\",\"aud\":\"shop\"}",
                "{\"exp\":9999999999,\"iss\":[\"https://login\"],\"aud\":\"shop\"}",
                "{\"exp\":9999999999,\"iss\":\"https://login\"}",
                "{\"exp\":9999999999,\"iss\":\"https://login\",\"aud\":{\"shop\":1}}"
            })
    void refusesTokensOfOtherIssuersAndForOthers(String claims) {
        JwtRules rules = new JwtRules(
                PUBLIC, given(RSA), Optional.of("https://login"), List.of("shop", "pub"), Duration.ZERO, Map.of());
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, rules).start()) {
            assertRefused(ask(proxy, RSA.token(claims)), 401, "token_claims");
            assertThat(ask(proxy, RSA.token("{\"exp\":9999999999,\"iss\":\"https://login\",\"aud\":[\"x\",\"shop\"]}"))
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void refusesWhatIsNoToken() {
        String good = RSA.token(GOOD);
        int first = good.indexOf('.');
        int second = good.lastIndexOf('.');
        String payload = good.substring(first, second);
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, rules(PUBLIC, given(RSA))).start()) {
            for (String malformed : List.of(
                    "",
                    "a",
                    "..",
                    "a.b.c",
                    good.substring(0, second),
                    good + ".x",
                    good + "=",
                    good.substring(0, first) + "=" + good.substring(first),
                    "e30" + payload + ".!!!!",
                    TokenSigner.encoded("[]") + good.substring(first),
                    TokenSigner.encoded("{\"alg\":\"RS256\",\"alg\":\"none\"}") + good.substring(first),
                    RSA.token("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[\"b64\"],\"b64\":false}", GOOD),
                    RSA.token("{\"alg\":\"RS256\",\"kid\":7}", GOOD),
                    RSA.token("{\"alg\":\"RS256\"} {}", GOOD),
                    RSA.token("\"text\""),
                    RSA.token("{\"exp\":1,\"exp\":9999999999}"),
                    "x".repeat(8 << 10) + "." + "x".repeat(10) + ".x")) {
                Response response = ask(proxy, malformed);
                assertThat(response.status()).as(malformed).isEqualTo(401);
                assertThat(response.header("x-gojinn-error")).as(malformed).isIn("token_malformed", "token_missing");
            }
        }
    }

    // Keys from an upstream.

    /** A server of keys whose set can be changed. */
    private static final class KeyServer implements AutoCloseable {
        private volatile String answer;
        private final AtomicInteger fetches = new AtomicInteger();
        private final RawUpstream upstream = new RawUpstream(peer -> {
            while (!peer.request().isEmpty()) {
                fetches.incrementAndGet();
                peer.send(answer);
            }
        });

        KeyServer(TokenSigner... signers) {
            answer = serving(signers);
        }

        static String serving(TokenSigner... signers) {
            return ok(TokenSigner.set(signers));
        }

        static String ok(String body) {
            return "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
        }

        UpstreamConfig config() {
            UpstreamConfig app = upstream.config();
            return new UpstreamConfig(
                    "login", app.targets(), app.connectTimeout(), app.responseTimeout(), 4, app.wire());
        }

        @Override
        public void close() {
            upstream.close();
        }
    }

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration MILLI = Duration.ofMillis(1);

    @Test
    void fetchesKeysAndTheirSuccessors() {
        TokenSigner next = TokenSigner.es256("next");
        try (RawUpstream app = RawUpstream.echoing();
                KeyServer server = new KeyServer(RSA);
                TestProxy proxy = guarded(app, rules(PUBLIC, fetched(HOUR, HOUR, MILLI)))
                        .upstream(server.config())
                        .start()) {
            assertThat(ask(proxy, RSA.token(GOOD)).status()).isEqualTo(200);
            assertThat(ask(proxy, RSA.token(GOOD)).status()).isEqualTo(200);
            assertThat(server.fetches).hasValue(1);
            server.answer = KeyServer.serving(RSA, next);
            assertThat(ask(proxy, next.token(GOOD)).status()).isEqualTo(200);
            assertThat(ask(proxy, RSA.token(GOOD)).status()).isEqualTo(200);
            assertThat(server.fetches).hasValue(2);
            // What is known of a token ends with the key that has signed it.
            server.answer = KeyServer.serving(next);
            assertRefused(ask(proxy, TokenSigner.rs256("unknown").token(GOOD)), 401, "token_key");
            assertRefused(ask(proxy, RSA.token(GOOD)), 401, "token_key");
            assertThat(ask(proxy, next.token(GOOD)).status()).isEqualTo(200);
            assertThat(proxy.metric("gojinn_key_fetches_total", "middleware", "token", "outcome", "fetched"))
                    .isGreaterThanOrEqualTo(3);
        }
    }

    /** The keys change again and again while clients ask: each token that was good when it was made passes. */
    @Test
    void rotatesKeysInFlightWithoutRefusingAnybody() throws Exception {
        try (RawUpstream app = RawUpstream.echoing();
                KeyServer server = new KeyServer(RSA);
                TestProxy proxy = guarded(app, rules(PUBLIC, fetched(HOUR, HOUR, MILLI)))
                        .upstream(server.config())
                        .start()) {
            AtomicInteger refused = new AtomicInteger();
            AtomicInteger passed = new AtomicInteger();
            TokenSigner before = RSA;
            for (int rotation = 0; rotation < 10; rotation++) {
                TokenSigner signer = TokenSigner.es256("key-" + rotation);
                server.answer = KeyServer.serving(before, signer);
                String fresh = signer.token(GOOD);
                String older = before.token(GOOD);
                Thread[] clients = new Thread[8];
                for (int i = 0; i < clients.length; i++) {
                    String token = i % 2 == 0 ? fresh : older;
                    clients[i] = Thread.ofVirtual().start(() -> {
                        for (int j = 0; j < 5; j++) {
                            (ask(proxy, token).status() == 200 ? passed : refused).incrementAndGet();
                        }
                    });
                }
                for (Thread client : clients) {
                    client.join();
                }
                before = signer;
            }
            assertThat(refused).hasValue(0);
            assertThat(passed).hasValue(400);
        }
    }

    /** A reload that does not concern them costs no keys, and nobody's token. */
    @Test
    void keepsItsKeysAcrossReloads() throws Exception {
        JwtRules rules = rules(PUBLIC, fetched(HOUR, HOUR, MILLI));
        try (RawUpstream app = RawUpstream.echoing();
                KeyServer server = new KeyServer(RSA);
                TestProxy proxy = guarded(app, rules).upstream(server.config()).start()) {
            assertThat(ask(proxy, RSA.token(GOOD)).status()).isEqualTo(200);
            for (int i = 0; i < 3; i++) {
                proxy.reload(guarded(app, rules).upstream(server.config()).respond("/more" + i, "more"));
                assertThat(ask(proxy, RSA.token(GOOD)).status()).isEqualTo(200);
            }
            assertThat(server.fetches).hasValue(1);
        }
    }

    @Test
    void unknownKeysAskForNewOnesNoOftenerThanAllowed() {
        try (RawUpstream app = RawUpstream.echoing();
                KeyServer server = new KeyServer(RSA);
                TestProxy proxy = guarded(app, rules(PUBLIC, fetched(HOUR, HOUR, HOUR)))
                        .upstream(server.config())
                        .start()) {
            assertThat(ask(proxy, RSA.token(GOOD)).status()).isEqualTo(200);
            for (int i = 0; i < 50; i++) {
                assertRefused(
                        ask(proxy, RSA.token("{\"alg\":\"RS256\",\"kid\":\"" + i + "\"}", GOOD)), 401, "token_key");
            }
            assertThat(server.fetches).hasValue(1);
        }
    }

    @Test
    void answers503WhileThereAreNoKeysAndRecovers() {
        try (RawUpstream app = RawUpstream.echoing();
                KeyServer server = new KeyServer(RSA)) {
            server.answer = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";
            try (TestProxy proxy = guarded(app, rules(PUBLIC, fetched(HOUR, HOUR, MILLI)))
                    .upstream(server.config())
                    .start()) {
                Response response = ask(proxy, RSA.token(GOOD));
                assertRefused(response, 503, "token_keys_missing");
                assertThat(response.header("retry-after")).isEqualTo("1");
                // What is wrong by itself needs no key to be refused.
                assertRefused(ask(proxy, "a.b.c"), 401, "token_malformed");
                server.answer = KeyServer.serving(RSA);
                assertThat(ask(proxy, RSA.token(GOOD)).status()).isEqualTo(200);
            }
        }
    }

    @Test
    void answers503WhenTheKeyServerIsNotThere() {
        KeyServer server = new KeyServer(RSA);
        UpstreamConfig gone = server.config();
        server.close();
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, rules(PUBLIC, fetched(HOUR, HOUR, MILLI)))
                        .upstream(gone)
                        .start()) {
            assertRefused(ask(proxy, RSA.token(GOOD)), 503, "token_keys_missing");
            assertThat(proxy.metric("gojinn_key_fetches_total", "middleware", "token", "outcome", "failed"))
                    .isGreaterThanOrEqualTo(1);
        }
    }

    /** Old keys serve while no new ones come, and not for ever. */
    @Test
    void servesWithOldKeysWhileTheServerIsDownForAsLongAsAllowed() {
        TokenSigner fresh = TokenSigner.es256("fresh");
        try (RawUpstream app = RawUpstream.echoing();
                KeyServer server = new KeyServer(RSA);
                TestProxy proxy = guarded(app, rules(PUBLIC, fetched(MILLI, Duration.ofSeconds(2), MILLI)))
                        .upstream(server.config())
                        .start()) {
            assertThat(ask(proxy, RSA.token(GOOD)).status()).isEqualTo(200);
            server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
            int before = server.fetches.get();
            await().until(() -> {
                ask(proxy, RSA.token(GOOD));
                return server.fetches.get() > before + 1;
            });
            // Several fetches have failed, and the keys of before are as good as they were.
            assertThat(ask(proxy, RSA.token(GOOD)).status()).isEqualTo(200);
            assertRefused(ask(proxy, fresh.token(GOOD)), 401, "token_key");
            await().untilAsserted(() -> assertRefused(ask(proxy, RSA.token(GOOD)), 503, "token_keys_missing"));
            server.answer = KeyServer.serving(fresh);
            await().untilAsserted(() ->
                    assertThat(ask(proxy, fresh.token(GOOD)).status()).isEqualTo(200));
        }
    }

    @Test
    void keepsItsKeysWhenTheServerSendsRubbish() {
        try (RawUpstream app = RawUpstream.echoing();
                KeyServer server = new KeyServer(RSA);
                TestProxy proxy = guarded(app, rules(PUBLIC, fetched(HOUR, HOUR, MILLI)))
                        .upstream(server.config())
                        .start()) {
            assertThat(ask(proxy, RSA.token(GOOD)).status()).isEqualTo(200);
            TokenSigner weak = TokenSigner.rs256("weak", 1024);
            for (String rubbish : List.of(
                    KeyServer.ok("{\"keys\":[" + RSA.jwk()),
                    KeyServer.ok("{\"keys\":[]}"),
                    KeyServer.ok("[]"),
                    KeyServer.ok("{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\"}]}"),
                    KeyServer.serving(weak),
                    KeyServer.ok("{\"keys\":[" + "{},".repeat(64) + RSA.jwk() + "]}"),
                    KeyServer.ok(" ".repeat(300 << 10)),
                    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Length: 2\r\n\r\n{}")) {
                int before = server.fetches.get();
                server.answer = rubbish;
                assertRefused(ask(proxy, weak.token(GOOD)), 401, "token_key");
                assertThat(server.fetches.get()).isGreaterThan(before);
                assertThat(ask(proxy, RSA.token(GOOD)).status()).isEqualTo(200);
            }
        }
    }
}
