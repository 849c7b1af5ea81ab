package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.Http2Client.Head;
import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.address.ClientField;
import io.gojinn.proxy.address.ProxyTrust;
import io.gojinn.proxy.http.Http2Limits;
import io.gojinn.proxy.listen.ListenerLimits;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.WireConfig;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client may make the proxy hold, beyond single requests. */
class LimitsTest {
    private static final Duration PATIENCE = Duration.ofMillis(400);

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();

    @AfterEach
    void stopClock() {
        clock.shutdownNow();
    }

    // Slow bodies.

    private static ListenerLimits rate(int bytesPerSecond) {
        return new ListenerLimits(100, 100, 4096, 20, PATIENCE, Duration.ofSeconds(30), bytesPerSecond);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the clock ends with the test
    private void every(int millis, Runnable step) {
        clock.scheduleAtFixedRate(step, 0, millis, TimeUnit.MILLISECONDS);
    }

    /** Long after a client has lost its patience that is not to lose it. */
    @SuppressWarnings("FutureReturnValueIgnored")
    private void later(Runnable step) {
        clock.schedule(step, 3 * PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Test
    void endsABodyThatTricklesThoughItNeverStops() {
        try (TestProxy proxy = TestProxy.with()
                        .function("/f", FakeFunction.echo())
                        .limits(rate(1_000))
                        .start();
                RawClient client = proxy.connect()) {
            client.send("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
            every(20, () -> client.send("x"));
            Response response = client.read();
            assertThat(response.status()).isEqualTo(408);
            assertThat(response.header("x-gojinn-error")).isEqualTo("body_slow");
            assertThat(response.header("connection")).isEqualTo("close");
            assertThat(proxy.metric("gojinn_client_errors_total", "reason", "body_slow"))
                    .isEqualTo(1);
        }
    }

    @Test
    void takesABodyThatKeepsTheRate() {
        try (TestProxy proxy = TestProxy.with()
                        .function("/f", FakeFunction.echo())
                        .limits(rate(1_000))
                        .start();
                RawClient client = proxy.connect()) {
            client.send("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n");
            AtomicInteger pieces = new AtomicInteger();
            every(20, () -> {
                if (pieces.incrementAndGet() <= 100) {
                    client.send("x".repeat(100));
                }
            });
            // Two seconds, five times the patience.
            assertThat(client.read().status()).isEqualTo(200);
            assertThat(pieces).hasValueGreaterThanOrEqualTo(100);
        }
    }

    @Test
    void takesAnyBodyWithoutARate() {
        try (TestProxy proxy = TestProxy.with()
                        .function("/f", FakeFunction.echo())
                        .limits(rate(0))
                        .start();
                RawClient client = proxy.connect()) {
            client.send("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx");
            later(() -> client.send("y"));
            assertThat(client.read().status()).isEqualTo(200);
        }
    }

    @Test
    void doesNotBlameTheClientForATargetThatDoesNotRead() {
        int length = 32 << 20;
        CompletableFuture<Void> read = new CompletableFuture<>();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.head();
                    read.join();
                    peer.socket.getInputStream().skipNBytes(length);
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                });
                TestProxy proxy = TestProxy.with()
                        .limits(rate(1_000_000))
                        .upstream(upstream.config())
                        .start();
                RawClient client = proxy.connect()) {
            later(() -> read.complete(null));
            client.send("POST /u HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + "\r\n\r\n")
                    .send(new byte[length]);
            assertThat(client.read().status()).isEqualTo(200);
        }
    }

    @Test
    void endsASlowStreamAloneAndLetsCallsOfGrpcTakeTheirTime() {
        try (TestProxy server =
                        TestProxy.with().function("/*", FakeFunction.echo()).start();
                TestProxy proxy = TestProxy.with()
                        .limits(rate(1_000))
                        .upstream(new UpstreamConfig(
                                "app",
                                List.of(new UpstreamConfig.Target(
                                        "127.0.0.1",
                                        server.server().address("web").getPort(),
                                        false)),
                                Duration.ofSeconds(2),
                                Duration.ofSeconds(10),
                                4,
                                new WireConfig(
                                        WireConfig.Protocol.H2,
                                        WireConfig.Tls.defaults(),
                                        WireConfig.Http2.defaults())))
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, Head.request("POST", "/call").with("content-type", "application/grpc"))
                    .data(1, "a", false)
                    .open(3, Head.request("POST", "/body"))
                    .data(3, "b", false);
            Http2Client.Response late = client.response(3);
            assertThat(late.status()).isEqualTo(408);
            assertThat(late.headers()).containsEntry("x-gojinn-error", "body_slow");
            assertThat(client.data(1, "c", true).response(1).body()).contains("\"ac\"");
        }
    }

    @Test
    void closesAConnectionWhoseBodyNeverCameAfterItsAnswer() {
        ListenerLimits limits = new ListenerLimits(10, 4096, 20, PATIENCE, PATIENCE);
        try (TestProxy proxy =
                        TestProxy.with().respond("/", "hi").limits(limits).start();
                RawClient silent = proxy.connect();
                RawClient trickling = proxy.connect()) {
            String request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
            assertThat(silent.send(request).read().status()).isEqualTo(200);
            assertThat(trickling.send(request).read().status()).isEqualTo(200);
            every(20, () -> trickling.send("x"));
            assertThat(silent.isClosedByPeer()).isTrue();
            assertThat(trickling.isClosedByPeer()).isTrue();
        }
    }

    // Connections of one address.

    private static ListenerLimits perAddress(int connections) {
        return new ListenerLimits(100, connections, 4096, 20, Duration.ofSeconds(10), Duration.ofSeconds(30), 200);
    }

    private static ProxyTrust trusting(String first, int bits, boolean proxyProtocol) {
        return new ProxyTrust(
                List.of(new AddressRange(InetAddress.ofLiteral(first), bits)),
                ClientField.X_FORWARDED_FOR,
                proxyProtocol);
    }

    private static double rejected(TestProxy proxy) {
        return proxy.metric("gojinn_rejected_connections_total", "listener", "web", "reason", "address_limit");
    }

    private static RawClient from(String address, TestProxy proxy) throws Exception {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
        socket.connect(proxy.server().address("web"), 5_000);
        return new RawClient(socket);
    }

    @Test
    void anAddressHasSoManyConnectionsAndOthersTheirs() throws Exception {
        try (TestProxy proxy =
                TestProxy.with().respond("/", "hi").limits(perAddress(2)).start()) {
            try (RawClient first = proxy.connect();
                    RawClient second = proxy.connect()) {
                // Whoever is answered has been counted.
                assertThat(first.get("/").read().status()).isEqualTo(200);
                assertThat(second.get("/").read().status()).isEqualTo(200);
                try (RawClient third = proxy.connect();
                        RawClient other = from("127.0.0.2", proxy)) {
                    assertThat(third.isClosedByPeer()).isTrue();
                    assertThat(other.get("/").read().status()).isEqualTo(200);
                }
                assertThat(rejected(proxy)).isEqualTo(1);
            }
            await().untilAsserted(() -> {
                try (RawClient again = proxy.connect()) {
                    assertThat(again.get("/").readIfAny(false)).isNotNull();
                }
            });
        }
    }

    @Test
    void thePrefixOfAnIpv6ClientCounts() {
        try (TestProxy proxy = TestProxy.with()
                        .respond("/", "hi")
                        .limits(perAddress(2))
                        .trust(trusting("127.0.0.0", 8, true))
                        .start();
                RawClient first = proxied(proxy, "TCP6 2001:db8::1 2001:db8::9");
                RawClient second = proxied(proxy, "TCP6 2001:db8:0:0:ffff::2 2001:db8::9");
                RawClient third = proxied(proxy, "TCP6 2001:db8::3 2001:db8::9");
                RawClient neighbour = proxied(proxy, "TCP6 2001:db8:0:1::1 2001:db8::9");
                RawClient ipv4 = proxied(proxy, "TCP4 192.0.2.1 192.0.2.9")) {
            assertThat(first.get("/").read().status()).isEqualTo(200);
            assertThat(second.get("/").read().status()).isEqualTo(200);
            assertThat(third.isClosedByPeer()).isTrue();
            assertThat(neighbour.get("/").read().status()).isEqualTo(200);
            assertThat(ipv4.get("/").read().status()).isEqualTo(200);
            assertThat(rejected(proxy)).isEqualTo(1);
        }
    }

    // In the order of the calls: whoever is answered has been counted.
    private static RawClient proxied(TestProxy proxy, String addresses) {
        RawClient client = proxy.connect();
        client.send("PROXY " + addresses + " 1 2\r\n");
        try {
            client.get("/").readIfAny(false);
        } catch (UncheckedIOException closed) {
            // The test looks at that.
        }
        return client;
    }

    @Test
    void aTrustedProxySpeaksForMany() {
        try (TestProxy proxy = TestProxy.with()
                .respond("/", "hi")
                .limits(perAddress(2))
                .trust(trusting("127.0.0.0", 8, false))
                .start()) {
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                clients.add(proxy.connect());
            }
            for (RawClient client : clients) {
                assertThat(client.get("/").read().status()).isEqualTo(200);
                client.close();
            }
            assertThat(rejected(proxy)).isZero();
        }
    }

    // Bodies that are collected.

    @Test
    void streamsCollectNoMoreTogetherThanTheyMay() {
        String piece = "x".repeat(16_000);
        try (TestProxy proxy = TestProxy.with()
                        .function("/f", FakeFunction.echo())
                        .http2(new Http2Limits(10, 1 << 20, 10, 1_000, 40_000))
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, Head.request("POST", "/f")).data(1, piece, false).data(1, piece, false);
            client.open(3, Head.request("POST", "/f")).data(3, piece, false);
            Http2Client.Response refused = client.response(3);
            assertThat(refused.status()).isEqualTo(413);
            assertThat(refused.headers())
                    .containsEntry("x-gojinn-error", "collected_limit")
                    .containsEntry("retry-after", "1");
            assertThat(proxy.metric("gojinn_client_errors_total", "reason", "collected_limit"))
                    .isEqualTo(1);
            assertThat(client.data(1, piece, true).response(1).status()).isEqualTo(200);
            // What the others kept has been given back, and one alone may have more.
            client.open(5, Head.request("POST", "/f"));
            for (int i = 0; i < 4; i++) {
                client.data(5, piece, i == 3);
            }
            assertThat(client.response(5).status()).isEqualTo(200);
        }
    }

    // Silence.

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void countsConnectionsThatAreClosedForSilence(boolean http2) {
        ListenerLimits limits = new ListenerLimits(10, 4096, 20, PATIENCE, PATIENCE);
        try (TestProxy proxy =
                TestProxy.with().respond("/", "hi").limits(limits).start()) {
            if (http2) {
                try (Http2Client client = Http2Client.connect(proxy)) {
                    assertThat(client.request(1, Head.get("/")).response(1).status())
                            .isEqualTo(200);
                    assertThat(client.isClosedByPeer()).isTrue();
                }
            } else {
                try (RawClient client = proxy.connect();
                        RawClient silent = proxy.connect()) {
                    assertThat(client.get("/").read().status()).isEqualTo(200);
                    assertThat(client.isClosedByPeer()).isTrue();
                    assertThat(silent.isClosedByPeer()).isTrue();
                }
            }
            assertThat(proxy.metric("gojinn_idle_closed_connections_total", "listener", "web"))
                    .isEqualTo(http2 ? 1 : 2);
        }
    }

    // The access log.

    @Test
    void theAccessLogTellsTheProtocol() {
        CapturedLog access = new CapturedLog();
        try (TestProxy proxy =
                        TestProxy.with().respond("/", "hi").accessLog(access).start();
                RawClient http1 = proxy.connect();
                RawClient malformed = proxy.connect();
                Http2Client http2 = Http2Client.connect(proxy)) {
            http1.get("/").read();
            http1.send("GET / HTTP/1.0\r\n\r\n").read();
            http2.request(1, Head.get("/")).response(1);
            malformed.send("\1 / HTTP/1.1\r\n\r\n").read();
            assertThat(access.awaitLines(4).stream()
                            .map(line -> line.get("protocol").asString()))
                    .containsExactlyInAnyOrder("HTTP/1.1", "HTTP/1.0", "HTTP/2", "-");
        }
    }
}
