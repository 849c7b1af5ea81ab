package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.middleware.CorsRules;
import io.gojinn.proxy.middleware.CorsRules.Below;
import io.gojinn.proxy.middleware.CorsRules.Origins;
import io.gojinn.proxy.middleware.PasswordRules;
import io.gojinn.proxy.middleware.Secret;
import io.gojinn.proxy.route.RouteAction;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which pages of other origins may read responses. */
class CorsTest {
    private static final Origins SHOPS = new Origins(
            false,
            Set.of("https://shop.example", "http://localhost:3000"),
            List.of(new Below("https://", ".b.example")));
    // An action that has its own opinion.
    private static final RouteAction LAX = new RouteAction.Respond(
            200,
            Map.of(
                    "Access-Control-Allow-Origin", "*",
                    "Access-Control-Allow-Credentials", "true",
                    "Access-Control-Expose-Headers", "X-Secret",
                    "Vary", "Accept"),
            "hi");

    private static CorsRules rules(Origins origins, boolean credentials) {
        return new CorsRules(
                origins,
                Set.of("GET", "PUT"),
                List.of("X-Token", "Content-Type"),
                List.of("X-Total"),
                credentials,
                Duration.ofMinutes(5));
    }

    private static Response ask(CorsRules rules, String request) {
        try (TestProxy proxy = TestProxy.with()
                        .middleware("cors", rules)
                        .route("/", List.of("cors"), LAX)
                        .start();
                RawClient client = proxy.connect()) {
            return client.send(request.replace("\n", "\r\n")).read();
        }
    }

    private static String get(String origin) {
        return "GET / HTTP/1.1\nHost: a\nOrigin: " + origin + "\n\n";
    }

    private static String preflight(String origin, String method, String headers) {
        return "OPTIONS / HTTP/1.1\nHost: a\nOrigin: " + origin + "\nAccess-Control-Request-Method: " + method + "\n"
                + headers + "\n";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"https://shop.example", "http://localhost:3000", "https://a.b.example", "https://x.a-1.b.example"
            })
    void letsPagesOfTheseOriginsRead(String origin) {
        Response response = ask(rules(SHOPS, true), get(origin));
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("access-control-allow-origin")).isEqualTo(origin);
        assertThat(response.header("access-control-allow-credentials")).isEqualTo("true");
        assertThat(response.header("access-control-expose-headers")).isEqualTo("X-Total");
        assertThat(response.header("vary")).isEqualTo("Accept|Origin");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://evil.example",
                "http://shop.example",
                "https://shop.example:8443",
                "https://shop.example.evil.example",
                "https://evilshop.example",
                "https://SHOP.example",
                "https://shop.example/",
                "https://b.example",
                "https://.b.example",
                "https://evil.example/.b.example",
                "https://evil.example#.b.example",
                "https://evil.example:1.b.example",
                "https://a@evil.b.example",
                "http://a.b.example",
                "null",
                "*"
            })
    void tellsOthersNothing(String origin) {
        Response response = ask(rules(SHOPS, true), get(origin));
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.headers().keySet()).noneMatch(name -> name.startsWith("access-control"));
        assertThat(response.header("vary")).isEqualTo("Accept|Origin");
        Response preflight = ask(rules(SHOPS, true), preflight(origin, "GET", ""));
        assertThat(preflight.status()).isEqualTo(403);
        assertThat(preflight.header("x-gojinn-error")).isEqualTo("origin");
        assertThat(preflight.headers().keySet()).noneMatch(name -> name.startsWith("access-control"));
    }

    @Test
    void answersWithoutOriginDifferByItToo() {
        Response response = ask(rules(SHOPS, false), "GET / HTTP/1.1\nHost: a\n\n");
        assertThat(response.header("vary")).isEqualTo("Accept|Origin");
        assertThat(response.headers().keySet()).noneMatch(name -> name.startsWith("access-control"));
        Response two = ask(
                rules(SHOPS, false),
                "GET / HTTP/1.1\nHost: a\nOrigin: https://evil.example\nOrigin: https://shop.example\n\n");
        assertThat(two.header("access-control-allow-origin")).isNull();
    }

    @Test
    void answersPreflightsItself() {
        Response response = ask(
                rules(SHOPS, true),
                preflight("https://shop.example", "PUT", "Access-Control-Request-Headers: x-token\n"));
        assertThat(response.status()).isEqualTo(204);
        assertThat(response.header("access-control-allow-origin")).isEqualTo("https://shop.example");
        assertThat(response.header("access-control-allow-methods")).isEqualTo("GET, PUT");
        assertThat(response.header("access-control-allow-headers")).isEqualTo("X-Token, Content-Type");
        assertThat(response.header("access-control-allow-credentials")).isEqualTo("true");
        assertThat(response.header("access-control-max-age")).isEqualTo("300");
        assertThat(response.header("vary"))
                .isEqualTo("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
        assertThat(response.header("content-length")).isNull();
    }

    /** What is not allowed is not named, and what the client asks for is never echoed. */
    @ParameterizedTest
    @CsvSource({"DELETE, X-Token", "get, X-Token", "PUT, X-Other", "PUT, 'X-Token, X-Other'"})
    void allowsNoMoreThanTheRules(String method, String headers) {
        Response response = ask(
                rules(SHOPS, true),
                preflight("https://shop.example", method, "Access-Control-Request-Headers: " + headers + "\n"));
        assertThat(response.status()).isEqualTo(204);
        assertThat(response.header("access-control-allow-methods")).isEqualTo("GET, PUT");
        assertThat(response.header("access-control-allow-headers")).isEqualTo("X-Token, Content-Type");
        assertThat(response.header("access-control-max-age")).isNull();
    }

    @Test
    void otherUsesOfOptionsReachTheAction() {
        assertThat(ask(rules(SHOPS, true), "OPTIONS / HTTP/1.1\nHost: a\nOrigin: https://shop.example\n\n")
                        .body())
                .isEqualTo("hi");
        assertThat(ask(rules(SHOPS, true), "OPTIONS / HTTP/1.1\nHost: a\nAccess-Control-Request-Method: PUT\n\n")
                        .body())
                .isEqualTo("hi");
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://any.example", "null"})
    void everyPageIsTheSameForCaches(String origin) {
        Response response = ask(rules(new Origins(true, Set.of(), List.of()), false), get(origin));
        assertThat(response.header("access-control-allow-origin")).isEqualTo("*");
        assertThat(response.header("access-control-allow-credentials")).isNull();
        assertThat(response.header("vary")).isEqualTo("Accept");
    }

    /** Browsers refuse it, and whoever does not would let every page in. */
    @Test
    void neverGivesCredentialsToEveryPage() {
        assertThatThrownBy(() -> rules(new Origins(true, Set.of(), List.of()), true))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** A page must be able to read that its user is to log in. */
    @Test
    void pagesMayReadRefusalsToo() {
        PasswordRules nobody =
                new PasswordRules("r", Map.of("a", new Secret("$2y$08$" + "a".repeat(53))), Optional.empty());
        try (TestProxy proxy = TestProxy.with()
                        .middleware("cors", rules(SHOPS, true))
                        .middleware("login", nobody)
                        .route("/", List.of("cors", "login"), LAX)
                        .start();
                RawClient client = proxy.connect()) {
            Response response = client.send(get("https://shop.example").replace("\n", "\r\n"))
                    .read();
            assertThat(response.status()).isEqualTo(401);
            assertThat(response.header("access-control-allow-origin")).isEqualTo("https://shop.example");
            // A preflight carries no credentials, and needs none.
            assertThat(client.send(preflight("https://shop.example", "PUT", "").replace("\n", "\r\n"))
                            .read()
                            .status())
                    .isEqualTo(204);
        }
    }
}
