package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.WireConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("StringConcatToTextBlock") // the wire ends lines in CR LF
class ForwardingTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    @Test
    void tellsTheUpstreamWhoAsked() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            String seen = client.send("GET /a?b=%20c HTTP/1.1\r\nHost: Site.example:81\r\nX-Forwarded-For: 1.2.3.4\r\n"
                            + "X-Forwarded-Proto: gopher\r\nX-Forwarded-Host: evil\r\nForwarded: for=1.2.3.4\r\n"
                            + "Via: 1.0 first\r\nVia: 1.1 second\r\ntracestate: a=b\r\n"
                            + "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n")
                    .read()
                    .body();
            assertThat(seen)
                    .startsWith("GET /a?b=%20c HTTP/1.1\r\n")
                    .contains("Host: Site.example:81\r\n")
                    .contains("x-forwarded-for: 127.0.0.1\r\n")
                    .contains("x-forwarded-proto: http\r\n")
                    .contains("x-forwarded-host: Site.example:81\r\n")
                    .contains("via: 1.0 first, 1.1 second, 1.1 gojinn\r\n")
                    .contains("tracestate: a=b\r\n")
                    .containsPattern("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01\r\n")
                    .doesNotContain("1.2.3.4", "gopher", "evil", "00f067aa0ba902b7");
        }
    }

    @Test
    void keepsHopByHopFieldsToTheirHop() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
                        peer.send("HTTP/1.1 200 OK\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
                                + "Upgrade: h2c\r\nX-Seen: "
                                + request.toLowerCase(Locale.ROOT).replaceAll("\r\n", "|")
                                + "\r\nContent-Length: 2\r\n\r\nok");
                    }
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            Response response = client.send(
                            "GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Mine, Host, Upgrade\r\nX-Mine: 1\r\n"
                                    + "TE: gzip, trailers;q=0.5\r\nTE: trailers\r\nUpgrade: websocket\r\nKeep-Alive: 3\r\nProxy-Connection: keep-alive\r\n"
                                    + "Proxy-Authorization: x\r\nX-Kept: 1\r\n\r\n")
                    .read();
            assertThat(response.header("x-seen"))
                    // Trailers are passed on, so that this hop can promise to take them as well.
                    .contains("host: a|", "x-kept: 1|", "te: trailers|", "connection: te|")
                    .doesNotContain("x-mine", "upgrade", "keep-alive", "proxy-");
            assertThat(response.headers())
                    .doesNotContainKeys("x-hop", "keep-alive", "upgrade", "connection")
                    .containsEntry("via", "1.1 gojinn");
            assertThat(response.body()).isEqualTo("ok");
        }
    }

    @Test
    void streamsChunkedBodiesAndTrailersBothWays() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    assertThat(peer.head()).contains("transfer-encoding: chunked");
                    StringBuilder body = new StringBuilder();
                    while (!body.toString().endsWith("0\r\n\r\n")) {
                        body.append((char) peer.read());
                    }
                    String seen = body.toString().replace("\r\n", "|");
                    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                            + Integer.toHexString(seen.length()) + "\r\n" + seen + "\r\n0\r\nX-Sum: 7\r\n\r\n");
                    peer.awaitEnd();
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
            Response response = client.send("2;x=y\r\nde\r\n0\r\n\r\n").read();
            assertThat(response.whole()).isTrue();
            assertThat(response.body()).isEqualTo("3|abc|2|de|0||");
            assertThat(response.header("trailer x-sum")).isNotNull();
        }
    }

    @Test
    void framesABodyThatEndsWithItsConnection() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send("HTTP/1.0 200 OK\r\n\r\nall there is");
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 2; i++) {
                Response response = client.get("/").read();
                assertThat(response.header("transfer-encoding")).isEqualTo("chunked");
                assertThat(response.header("via")).isEqualTo("1.0 gojinn");
                assertThat(response.body()).isEqualTo("all there is");
            }
        }
    }

    @Test
    void unframesAChunkedBodyForAnOldClient() {
        try (RawUpstream upstream = RawUpstream.answering(
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            Response response = client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                    .read();
            assertThat(response.body()).isEqualTo("abc");
            assertThat(response.headers())
                    .doesNotContainKey("transfer-encoding")
                    .containsEntry("connection", "close");
        }
    }

    @Test
    void answers504WhenAConnectionCannotBeMadeInTime() throws IOException {
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket first = new Socket(full.getInetAddress(), full.getLocalPort());
                Socket second = new Socket(full.getInetAddress(), full.getLocalPort());
                TestProxy proxy = TestProxy.with()
                        .upstream(new UpstreamConfig(
                                "app",
                                List.of(new UpstreamConfig.Target("127.0.0.1", full.getLocalPort(), false)),
                                Duration.ofMillis(200),
                                Duration.ofSeconds(5),
                                4,
                                WireConfig.defaults()))
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(first.isConnected() && second.isConnected()).isTrue();
            assertFailed(client.get("/").read(), 504, "upstream_connect_timeout");
        }
    }

    @Test
    void answersHeadAndNotModifiedWithoutABody() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
                        peer.send(
                                request.startsWith("HEAD")
                                        ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
                                        : "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n");
                    }
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            assertThat(client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
                            .read(true)
                            .header("content-length"))
                    .isEqualTo("10");
            assertThat(client.get("/").read().status()).isEqualTo(304);
            assertThat(client.get("/").read().status()).isEqualTo(304);
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void swallows100AndRelays103() {
        try (RawUpstream upstream = RawUpstream.answering(
                        "HTTP/1.1 100 Continue\r\n\r\n" + "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK);
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 2; i++) {
                Response early = client.get("/").read();
                assertThat(early.status()).isEqualTo(103);
                assertThat(early.header("link")).isEqualTo("</x>");
                assertThat(client.read().body()).isEqualTo("ok");
            }
            Response old = client.send("GET / HTTP/1.0\r\n\r\n").read();
            assertThat(old.status()).isEqualTo(200);
        }
    }

    @Test
    void takesTargetsInTurn() {
        try (RawUpstream one = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
                RawUpstream two = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
                TestProxy proxy = TestProxy.with()
                        .loops(1)
                        .upstream(new UpstreamConfig(
                                "app",
                                List.of(
                                        one.config().targets().getFirst(),
                                        two.config().targets().getFirst()),
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(1),
                                4,
                                WireConfig.defaults()))
                        .start();
                RawClient client = proxy.connect()) {
            StringBuilder order = new StringBuilder();
            for (int i = 0; i < 4; i++) {
                order.append(client.get("/").read().body());
            }
            assertThat(order.toString()).isEqualTo("1212");
        }
    }

    @Test
    void resolvesNames() {
        try (RawUpstream upstream = RawUpstream.answering(OK);
                TestProxy proxy = TestProxy.with()
                        .upstream(target("localhost", upstream.address().getPort()))
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/").read().status()).isEqualTo(200);
        }
    }

    // Faults.

    @Test
    void answers502WhenRefused() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        try (TestProxy proxy =
                        TestProxy.with().upstream(target("127.0.0.1", port)).start();
                RawClient client = proxy.connect()) {
            assertFailed(client.get("/").read(), 502, "upstream_connect");
            assertFailed(client.get("/").read(), 502, "upstream_connect");
            assertThat(proxy.metric("gojinn_upstream_requests_total", "upstream", "app", "outcome", "upstream_connect"))
                    .isEqualTo(2);
        }
    }

    @Test
    void answers504WhenNoResponseComes() {
        try (RawUpstream upstream = new RawUpstream(RawUpstream.Peer::awaitEnd);
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config(Duration.ofMillis(100)))
                        .start();
                RawClient client = proxy.connect()) {
            assertFailed(client.get("/").read(), 504, "upstream_timeout");
        }
    }

    @Test
    void answers502WhenTheConnectionEndsBeforeAResponse() {
        try (RawUpstream upstream = new RawUpstream(RawUpstream.Peer::request);
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            assertFailed(client.get("/").read(), 502, "upstream_closed");
            assertThat(upstream.connections).hasValue(3);
        }
    }

    @Test
    void answers502WhenReset() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.reset();
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            assertFailed(client.get("/").read(), 502, "upstream_closed");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SSH-2.0-x\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: a\u0000b\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: " // cut
            })
    void answers502ToWhatIsNoSafeResponse(String bytes) {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send(bytes);
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            assertFailed(client.get("/").read(), 502, "upstream_protocol");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
            })
    void neverEndsATruncatedBodyCleanly(String bytes) {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send(bytes);
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            Response response = client.get("/").readIfAny(false);
            // A reset may overtake the bytes before it.
            assertThat(response == null || !response.whole()).isTrue();
            assertThat(client.isClosedByPeer()).isTrue();
            await().until(() ->
                    proxy.metric("gojinn_upstream_requests_total", "upstream", "app", "outcome", "upstream_truncated")
                            == 1);
        }
    }

    @Test
    void triesAgainOnAFreshConnectionWhenAReusedOneWasClosed() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send(OK);
                    peer.request();
                    if (peer.index == 0) {
                        return; // closes on the second request
                    }
                    peer.send(OK);
                    peer.awaitEnd();
                });
                TestProxy proxy =
                        TestProxy.with().loops(1).upstream(upstream.config()).start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/").read().status()).isEqualTo(200);
            assertThat(client.get("/").read().status()).isEqualTo(200);
            assertThat(upstream.connections).hasValue(2);
            assertThat(proxy.metric("gojinn_upstream_requests_total", "upstream", "app", "outcome", "retried"))
                    .isEqualTo(1);
        }
    }

    @Test
    void doesNotTryAPostAgain() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send(OK);
                    peer.request();
                });
                TestProxy proxy =
                        TestProxy.with().loops(1).upstream(upstream.config()).start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/").read().status()).isEqualTo(200);
            assertFailed(
                    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                            .read(),
                    502,
                    "upstream_closed");
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void dropsAnIdleConnectionThatSpeaksUnasked() {
        CountDownLatch spoken = new CountDownLatch(1);
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send(OK);
                    if (peer.index == 0) {
                        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
                        peer.awaitEnd();
                        spoken.countDown();
                    }
                    peer.awaitEnd();
                });
                TestProxy proxy =
                        TestProxy.with().loops(1).upstream(upstream.config()).start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/").read().body()).isEqualTo("ok");
            await().until(() -> spoken.getCount() == 0);
            assertThat(client.get("/").read().body()).isEqualTo("ok");
            assertThat(upstream.connections).hasValue(2);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"
            })
    void doesNotReuseAConnectionThatIsToClose(String response) {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send(response);
                    peer.awaitEnd();
                });
                TestProxy proxy =
                        TestProxy.with().loops(1).upstream(upstream.config()).start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/").read().body()).isEqualTo("ok");
            assertThat(client.get("/").read().body()).isEqualTo("ok");
            assertThat(upstream.connections).hasValue(2);
        }
    }

    @Test
    void passesOnAResponseThatComesBeforeTheBodyAndDropsTheConnection() {
        CountDownLatch dropped = new CountDownLatch(1);
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.head();
                    peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
                    peer.awaitEnd();
                    dropped.countDown();
                });
                TestProxy proxy =
                        TestProxy.with().loops(1).upstream(upstream.config()).start();
                RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
            Response response = client.read();
            assertThat(response.status()).isEqualTo(403);
            await().until(() -> dropped.getCount() == 0);
            client.send("x".repeat(997));
            assertThat(client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
                            .read()
                            .status())
                    .isEqualTo(403);
            assertThat(upstream.connections).hasValue(2);
        }
    }

    @Test
    void givesUpTheUpstreamWhenTheClientLeaves() {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch dropped = new CountDownLatch(1);
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    asked.countDown();
                    peer.awaitEnd();
                    dropped.countDown();
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream)) {
            try (RawClient client = proxy.connect()) {
                client.get("/");
                await().until(() -> asked.getCount() == 0);
            }
            await().until(() -> dropped.getCount() == 0);
            await().until(() ->
                    proxy.metric("gojinn_upstream_requests_total", "upstream", "app", "outcome", "cancelled") == 1);
            await().until(() -> proxy.metric("gojinn_upstream_connections", "upstream", "app") == 0);
        }
    }

    private static UpstreamConfig target(String host, int port) {
        return new UpstreamConfig(
                "app",
                List.of(new UpstreamConfig.Target(host, port, false)),
                Duration.ofSeconds(2),
                Duration.ofSeconds(5),
                4,
                WireConfig.defaults());
    }

    private static void assertFailed(Response response, int status, String label) {
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.header("x-gojinn-error")).isEqualTo(label);
        assertThat(response.body()).matches("\\{\"error\":\"" + label + "\",\"trace_id\":\"[0-9a-f]{32}\"}");
        assertThat(response.headers()).doesNotContainKey("connection");
    }
}
