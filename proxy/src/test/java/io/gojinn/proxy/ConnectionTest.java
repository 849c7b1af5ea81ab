package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.listen.ListenerLimits;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteMatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ConnectionTest {
    @Test
    void answersPipelinedRequestsInOrder() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
                        String path = request.substring(4, request.indexOf(' ', 4));
                        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + path.length() + "\r\n\r\n" + path);
                    }
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 300; i++) {
                requests.append("GET /").append(i).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
            }
            client.send(requests.toString());
            for (int i = 0; i < 300; i++) {
                assertThat(client.read().body()).isEqualTo("/" + i);
            }
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void readsARequestByteByByte() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            String request = "\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
            for (byte b : request.getBytes(StandardCharsets.US_ASCII)) {
                client.send(new byte[] {b});
            }
            assertThat(client.read().body()).endsWith("abc");
        }
    }

    @Test
    void answersHeadWithoutABody() {
        try (TestProxy proxy = TestProxy.with().respond("/", "hello").start();
                RawClient client = proxy.connect()) {
            Response response =
                    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").read(true);
            assertThat(response.header("content-length")).isEqualTo("5");
            assertThat(client.get("/").read().body()).isEqualTo("hello");
        }
    }

    @Test
    void answersNoContentWithoutABody() {
        try (TestProxy proxy = TestProxy.with()
                        .route("none", RouteMatch.ANY, new RouteAction.Respond(204, Map.of(), "ignored"))
                        .start();
                RawClient client = proxy.connect()) {
            Response response = client.get("/").read();
            assertThat(response.status()).isEqualTo(204);
            assertThat(response.headers()).doesNotContainKeys("content-length", "transfer-encoding");
            assertThat(client.get("/").read().status()).isEqualTo(204);
        }
    }

    @Test
    void redirects() {
        try (TestProxy proxy = TestProxy.with()
                        .route("away", RouteMatch.ANY, new RouteAction.Redirect(308, "https://a.example/"))
                        .start();
                RawClient client = proxy.connect()) {
            Response response = client.get("/").read();
            assertThat(response.status()).isEqualTo(308);
            assertThat(response.header("location")).isEqualTo("https://a.example/");
        }
    }

    @Test
    void saysWhichMethodsAPathTakes() {
        RouteMatch post = new RouteMatch(
                List.of(), Optional.empty(), Optional.of("/p"), Set.of("PUT", "POST"), Map.of(), Map.of());
        try (TestProxy proxy = TestProxy.with()
                        .route("post", post, new RouteAction.Respond(200, Map.of(), ""))
                        .start();
                RawClient client = proxy.connect()) {
            Response response = client.get("/p").read();
            assertThat(response.status()).isEqualTo(405);
            assertThat(response.header("allow")).isEqualTo("POST, PUT");
            Response other = client.get("/other").read();
            assertThat(other.status()).isEqualTo(404);
            assertThat(other.body()).matches("\\{\"error\":\"no_route\",\"trace_id\":\"[0-9a-f]{32}\"}");
        }
    }

    @Test
    void closesAfterAnswerToHttp10UnlessAskedToKeep() {
        try (TestProxy proxy = TestProxy.with().respond("/", "hello").start();
                RawClient client = proxy.connect()) {
            Response kept = client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                    .read();
            assertThat(kept.header("connection")).isEqualTo("keep-alive");
            assertThat(client.send("GET / HTTP/1.0\r\n\r\n").read().header("connection"))
                    .isEqualTo("close");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void drainsASmallUnwantedBodyAndGoesOn() {
        try (TestProxy proxy = TestProxy.with().respond("/*", "hello").start();
                RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
            assertThat(client.read().status()).isEqualTo(200);
            client.send("x".repeat(1000));
            assertThat(client.get("/").read().status()).isEqualTo(200);
        }
    }

    @Test
    void closesRatherThanDrainALargeUnwantedBody() {
        try (TestProxy proxy = TestProxy.with().respond("/*", "hello").start();
                RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
            assertThat(client.read().header("connection")).isEqualTo("close");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void tellsAWaitingClientToGoOn() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .function("/f", FakeFunction.echo())
                        .upstream(upstream.config())
                        .start();
                RawClient client = proxy.connect()) {
            for (String path : List.of("/f", "/u")) {
                client.send(
                        "POST " + path + " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
                assertThat(client.read().status()).isEqualTo(100);
                Response response = client.send("abc").read();
                assertThat(response.status()).isEqualTo(200);
                assertThat(response.body()).contains("abc");
            }
        }
    }

    @Test
    void doesNotAskForABodyThatIsTooLarge() {
        FakeFunction small = new FakeFunction(FakeFunction.limits(10), invocation -> {}, new AtomicInteger());
        try (TestProxy proxy = TestProxy.with().function("/f", small).start();
                RawClient client = proxy.connect()) {
            client.send("POST /f HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
            Response response = client.read();
            assertThat(response.status()).isEqualTo(413);
            assertThat(response.header("x-gojinn-error")).isEqualTo("body_limit");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void endsAHeaderSectionThatTakesTooLong() {
        try (TestProxy proxy =
                        TestProxy.with().respond("/", "").limits(impatient()).start();
                RawClient client = proxy.connect()) {
            client.send("GET / HTTP/1.1\r\nHost:");
            assertThat(client.read().status()).isEqualTo(408);
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void closesASilentConnection() {
        try (TestProxy proxy =
                        TestProxy.with().respond("/", "").limits(impatient()).start();
                RawClient silent = proxy.connect();
                RawClient idle = proxy.connect()) {
            assertThat(silent.isClosedByPeer()).isTrue();
            assertThat(idle.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void endsABodyThatMakesNoProgress() {
        try (TestProxy proxy = TestProxy.with()
                        .function("/f", FakeFunction.echo())
                        .limits(impatient())
                        .start();
                RawClient client = proxy.connect()) {
            client.send("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
            assertThat(client.read().status()).isEqualTo(408);
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void turnsAwayMoreConnectionsThanAllowed() {
        ListenerLimits two = new ListenerLimits(2, 4096, 20, Duration.ofSeconds(5), Duration.ofSeconds(5));
        try (TestProxy proxy =
                TestProxy.with().respond("/", "hello").limits(two).start()) {
            try (RawClient first = proxy.connect();
                    RawClient second = proxy.connect()) {
                assertThat(first.get("/").read().status()).isEqualTo(200);
                assertThat(second.get("/").read().status()).isEqualTo(200);
                try (RawClient third = proxy.connect()) {
                    assertThat(third.isClosedByPeer()).isTrue();
                }
                assertThat(proxy.metric("gojinn_rejected_connections_total", "listener", "web", "reason", "limit"))
                        .isEqualTo(1);
            }
            await().untilAsserted(() -> {
                try (RawClient again = proxy.connect()) {
                    assertThat(again.get("/").readIfAny(false)).isNotNull();
                }
            });
        }
    }

    @Test
    void anAbortedUploadIsNoAnswer() throws IOException {
        try (TestProxy proxy =
                TestProxy.with().function("/f", FakeFunction.echo()).start()) {
            try (RawClient client = proxy.connect()) {
                client.send("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
                await().until(() -> proxy.metric("gojinn_active_requests", "route", "function-0") == 1);
            }
            await().until(() -> proxy.metric("gojinn_client_errors_total", "reason", "aborted") == 1);
            assertThat(proxy.metric("gojinn_active_requests", "route", "function-0"))
                    .isZero();
        }
    }

    private static ListenerLimits impatient() {
        return new ListenerLimits(10, 4096, 20, Duration.ofMillis(200), Duration.ofMillis(200));
    }
}
