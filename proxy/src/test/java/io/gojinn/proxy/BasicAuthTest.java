package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.middleware.PasswordRules;
import io.gojinn.proxy.middleware.Secret;
import io.gojinn.proxy.route.RouteAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.security.crypto.bcrypt.BCrypt;

/** Names and passwords: who passes, what it costs, and what is told. */
class BasicAuthTest {
    private static final Map<String, Secret> USERS = Map.of("ada", hash("open: sésame", 8), "bob", hash("builder", 8));

    private static Secret hash(String password, int cost) {
        return new Secret(BCrypt.hashpw(password, BCrypt.gensalt("$2y", cost)));
    }

    private static TestProxy.Builder guarded(RawUpstream app, Map<String, Secret> users) {
        return TestProxy.with()
                .middleware("login", new PasswordRules("the shop", users, Optional.of("X-User")))
                .route("/", List.of("login"), new RouteAction.Forward("app"))
                .respond("/free", "free")
                .upstream(app.config());
    }

    private static String basic(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String request(String fields) {
        return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    }

    @Test
    void letsPassWhoKnowsThePasswordAndTellsTheUpstream() {
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, USERS).start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 2; i++) {
                Response response = client.send(request("Authorization: bAsIc " + basic("ada:open: sésame")
                                + "\r\nX-User: root\r\nX_User: root\r\n"))
                        .read();
                assertThat(response.status()).isEqualTo(200);
                assertThat(response.body().lines()).contains("X-User: ada").noneMatch(line -> line.contains("root"));
            }
        }
    }

    @Test
    void asksForThemWhereThereAreNone() {
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, USERS).start();
                RawClient client = proxy.connect()) {
            Response response = client.send(request("")).read();
            assertThat(response.status()).isEqualTo(401);
            assertThat(response.header("x-gojinn-error")).isEqualTo("password_missing");
            assertThat(response.header("www-authenticate")).isEqualTo("Basic realm=\"the shop\", charset=\"UTF-8\"");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ada:builder",
                "ada:",
                "ada",
                ":open: sésame",
                "bob:open: sésame",
                "nobody:builder",
                "Ada:open: sésame",
                "ada:open: sésame ",
                "ada:open: s\0",
                "",
                ":",
                "ada:open: sésam"
            })
    void refusesEverybodyElse(String credentials) {
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, USERS).start();
                RawClient client = proxy.connect()) {
            // Twice: a refusal is not remembered as anything else.
            for (int i = 0; i < 2; i++) {
                Response response = client.send(request("Authorization: Basic " + basic(credentials) + "\r\n"))
                        .read();
                assertThat(response.status()).isEqualTo(401);
                assertThat(response.header("x-gojinn-error")).isIn("password", "password_missing");
            }
        }
    }

    /** bcrypt looks at 72 bytes: whatever follows them must not be left out silently. */
    @Test
    void refusesPasswordsThatAreNotLookedAtWhole() {
        String long72 = "x".repeat(72);
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, Map.of("ada", hash(long72, 8))).start();
                RawClient client = proxy.connect()) {
            assertThat(client.send(request("Authorization: Basic " + basic("ada:" + long72) + "\r\n"))
                            .read()
                            .status())
                    .isEqualTo(200);
            assertThat(client.send(request("Authorization: Basic " + basic("ada:" + long72 + "y") + "\r\n"))
                            .read()
                            .status())
                    .isEqualTo(401);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Basic", "Basic ", "Basic !!!!", "Basic YTpi YTpi", "Basic YTp", "Bearer YTpi", "Basic\tYTpi"})
    void refusesWhatIsNoCredential(String field) {
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, USERS).start();
                RawClient client = proxy.connect()) {
            assertThat(client.send(request("Authorization: " + field + "\r\n"))
                            .read()
                            .status())
                    .isEqualTo(401);
            assertThat(client.send(request("Authorization: Basic " + basic("bob:builder") + "\r\nAuthorization: Basic "
                                    + basic("bob:builder") + "\r\n"))
                            .read()
                            .status())
                    .isEqualTo(401);
        }
    }

    /** Guessing keeps the workers busy, and nobody else: the loops go on, and what is too much is refused at once. */
    @Test
    void guessesCostNeitherTheLoopsNorMemory() throws Exception {
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy =
                        guarded(app, Map.of("ada", hash("open", 8))).loops(1).start();
                RawClient known = proxy.connect();
                RawClient other = proxy.connect()) {
            String good = request("Authorization: Basic " + basic("ada:open") + "\r\n");
            assertThat(known.send(good).read().status()).isEqualTo(200);
            List<Thread> guessing = new ArrayList<>();
            ConcurrentLinkedQueue<Integer> statuses = new ConcurrentLinkedQueue<>();
            for (int i = 0; i < 200; i++) {
                String guess = request("Authorization: Basic " + basic("ada:guess" + i) + "\r\n");
                guessing.add(Thread.ofVirtual().start(() -> {
                    try (RawClient client = proxy.connect()) {
                        statuses.add(client.send(guess).read().status());
                    }
                }));
            }
            long slowest = 0;
            for (int i = 0; i < 20; i++) {
                long before = System.nanoTime();
                assertThat(other.get("/free").read().body()).isEqualTo("free");
                assertThat(known.send(good).read().status()).isEqualTo(200);
                slowest = Math.max(slowest, System.nanoTime() - before);
            }
            for (Thread guess : guessing) {
                guess.join();
            }
            assertThat(statuses).hasSize(200).contains(401, 503).containsOnly(401, 503);
            assertThat(proxy.metric("gojinn_denied_requests_total", "reason", "credentials_busy"))
                    .isPositive();
            // All guesses one after the other would take many seconds.
            assertThat(slowest).isLessThan(2_000_000_000L);
        }
    }

    @Test
    void tellsNobodyThePassword() {
        CapturedLog log = new CapturedLog();
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, USERS).accessLog(log).start();
                RawClient client = proxy.connect()) {
            client.send(request("Authorization: Basic " + basic("ada:hunter2") + "\r\n"))
                    .read();
            log.awaitLines(1);
        }
        assertThat(log.text())
                .contains("\"password\"")
                .doesNotContain("hunter2")
                .doesNotContain(basic("ada:hunter2"));
        assertThat(new PasswordRules("r", USERS, Optional.empty()).toString()).doesNotContain("$2");
    }
}
