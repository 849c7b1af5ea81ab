package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.middleware.ForwardAuthRules;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.upstream.UpstreamConfig;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Asking an upstream whether a request may pass. */
class ForwardAuthTest {
    private static final String OK = "HTTP/1.1 204 No Content\r\nX-User: ada\r\nX-Role: a\r\nX-Role: b\r\n\r\n";

    private final AtomicReference<String> asked = new AtomicReference<>("");

    private RawUpstream authority(String answer) {
        return new RawUpstream(peer -> {
            for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
                asked.set(request);
                peer.send(answer);
            }
        });
    }

    private static TestProxy guarded(RawUpstream app, RawUpstream authority) {
        UpstreamConfig config = authority.config();
        return TestProxy.with()
                .middleware(
                        "ask",
                        new ForwardAuthRules(
                                "authority",
                                "/verify?x=1",
                                List.of("Authorization", "Cookie"),
                                List.of("X-User", "X-Role"),
                                Duration.ofMillis(500)))
                .route("/*", List.of("ask"), new RouteAction.Forward("app"))
                .upstream(app.config())
                .upstream(new UpstreamConfig(
                        "authority",
                        config.targets(),
                        config.connectTimeout(),
                        config.responseTimeout(),
                        4,
                        config.wire()))
                .start();
    }

    @Test
    void letsPassWhatTheAuthorityApprovesWithItsFields() {
        try (RawUpstream app = RawUpstream.echoing();
                RawUpstream authority = authority(OK);
                TestProxy proxy = guarded(app, authority);
                RawClient client = proxy.connect()) {
            Response response = client.send("""
                            POST /a/b?c=d HTTP/1.1
                            Host: shop.example
                            Cookie: s=1
                            X-Other: o
                            X-User: root
                            X_Role: root
                            X-Forwarded-Uri: /free
                            X-Forwarded-For: 9.9.9.9
                            Content-Length: 4

                            body""".replace("\n", "\r\n")).read();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body().lines())
                    .contains("X-User: ada", "X-Role: a", "X-Role: b", "body")
                    .noneMatch(line -> line.contains("root"));
            assertThat(asked.get().lines().map(line -> line.toLowerCase(Locale.ROOT)))
                    .contains(
                            "get /verify?x=1 http/1.1",
                            "cookie: s=1",
                            "x-forwarded-method: post",
                            "x-forwarded-uri: /a/b?c=d",
                            "x-forwarded-host: shop.example",
                            "x-forwarded-for: 127.0.0.1")
                    .noneMatch(line -> line.contains("root")
                            || line.contains("x-other")
                            || line.contains("9.9.9.9")
                            || line.contains("/free")
                            || line.contains("content-length"));
        }
    }

    @Test
    void givesTheClientTheRefusalOfTheAuthority() {
        String login = """
                HTTP/1.1 302 Found
                Location: https://login.example/
                Set-Cookie: a=1
                Set-Cookie: b=2
                X-Internal: secret
                Connection: close
                Content-Length: 5

                login""".replace("\n", "\r\n");
        try (RawUpstream app = RawUpstream.echoing();
                RawUpstream authority = authority(login);
                TestProxy proxy = guarded(app, authority);
                RawClient client = proxy.connect()) {
            Response response = client.get("/").read();
            assertThat(response.status()).isEqualTo(302);
            assertThat(response.body()).isEqualTo("login");
            assertThat(response.header("location")).isEqualTo("https://login.example/");
            assertThat(response.header("set-cookie")).isEqualTo("a=1|b=2");
            assertThat(response.header("x-internal")).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\n\r\n",
                "HTTP/1.1 600 What\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 403 Forbidden\r\nContent-Length: 70000\r\n\r\n",
                "no HTTP at all\r\n\r\n"
            })
    void nobodyPassesUnasked(String answer) {
        String whole = answer.contains("70000") ? answer + "x".repeat(70_000) : answer;
        try (RawUpstream app = RawUpstream.echoing();
                RawUpstream authority = authority(whole);
                TestProxy proxy = guarded(app, authority);
                RawClient client = proxy.connect()) {
            Response response = client.get("/").read();
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.header("x-gojinn-error")).isEqualTo("authority_missing");
            assertThat(response.header("retry-after")).isEqualTo("1");
        }
    }

    @Test
    void nobodyPassesWhileTheAuthorityIsSilent() {
        try (RawUpstream app = RawUpstream.echoing();
                RawUpstream silent = new RawUpstream(RawUpstream.Peer::awaitEnd);
                TestProxy proxy = guarded(app, silent);
                RawClient client = proxy.connect()) {
            assertThat(client.get("/").read().header("x-gojinn-error")).isEqualTo("authority_missing");
        }
    }

    @Test
    void nobodyPassesWhileTheAuthorityIsGone() {
        RawUpstream gone = authority(OK);
        gone.close();
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = guarded(app, gone);
                RawClient client = proxy.connect()) {
            assertThat(client.get("/").read().header("x-gojinn-error")).isEqualTo("authority_missing");
        }
    }

    /** A client that does not wait leaves no question behind. */
    @Test
    void givesUpTheQuestionOfAClientThatLeaves() {
        try (RawUpstream app = RawUpstream.echoing();
                RawUpstream silent = new RawUpstream(peer -> {
                    asked.set(peer.request());
                    peer.awaitEnd();
                    asked.set("left");
                });
                TestProxy proxy = guarded(app, silent)) {
            try (RawClient client = proxy.connect()) {
                client.get("/");
                await().until(() -> asked.get().startsWith("GET"));
            }
            await().until(() -> asked.get().equals("left"));
            await().until(() -> proxy.metric("gojinn_upstream_active_requests", "upstream", "authority") == 0);
        }
    }
}
