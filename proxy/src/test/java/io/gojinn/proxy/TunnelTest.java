package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.Http2Client.Frame;
import io.gojinn.proxy.Http2Client.Head;
import io.gojinn.proxy.RawUpstream.Script;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.WireConfig;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TunnelTest {
    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final String UPGRADE = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
            + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + "\r\n\r\n";

    private static TestProxy proxy(RawUpstream upstream, Duration idle) {
        return TestProxy.with()
                .respond("/respond", "plain")
                .upstream(upstream.upgrading(idle, "websocket"))
                .start();
    }

    /** After the head one read of the client's bytes comes back as it is. */
    private static final Script ECHO = peer -> {
        String head = peer.head();
        if (!head.isEmpty()) {
            peer.send(WebSocketEcho.accepting(head, ""));
            for (int c = peer.read(); c >= 0; c = peer.read()) {
                peer.socket.getOutputStream().write(c);
            }
            peer.send("end");
            peer.socket.shutdownOutput();
            peer.awaitEnd();
        }
    };

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void carriesBytesBothWaysAndTheEndOfEach(boolean targetTls, @TempDir Path folder) throws Exception {
        try (RawUpstream upstream = targetTls ? new RawUpstream(ECHO, overTls()) : new RawUpstream(ECHO);
                TestProxy proxy = proxy(upstream, false, targetTls, folder);
                RawClient client = proxy.connect()) {
            RawClient.Response switched = client.send(UPGRADE).read();
            assertThat(switched.status()).isEqualTo(101);
            assertThat(switched.header("upgrade")).isEqualTo("websocket");
            assertThat(switched.header("connection")).isEqualToIgnoringCase("upgrade");
            assertThat(switched.header("sec-websocket-accept")).isEqualTo(WebSocketEcho.accept(KEY));
            assertThat(open(proxy)).isEqualTo(1);
            assertThat(proxy.metric("gojinn_active_requests", "route", "forward"))
                    .isEqualTo(1);
            client.send("GET / HTTP/1.1\r\n\r\n");
            assertThat(text(client.socket, 18)).isEqualTo("GET / HTTP/1.1\r\n\r\n");
            client.socket.shutdownOutput();
            assertThat(text(client.socket, 100)).isEqualTo("end");
            await().until(() -> open(proxy) == 0);
            assertThat(proxy.metric("gojinn_active_requests", "route", "forward"))
                    .isZero();
            assertThat(proxy.metric("gojinn_requests_total", "route", "forward", "status", "1xx"))
                    .isEqualTo(1);
            await().until(() -> proxy.metric("gojinn_open_connections", "listener", "web") == 0);
            await().until(() -> proxy.metric("gojinn_upstream_connections", "upstream", "app") == 0);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void carriesWhatAClientSendsAfterItsTargetHasEnded(boolean clientTls, @TempDir Path folder) throws Exception {
        CompletableFuture<String> late = new CompletableFuture<>();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.send(WebSocketEcho.accepting(peer.head(), "") + "hello");
                    peer.socket.shutdownOutput();
                    late.complete(text(peer.socket, 100));
                });
                TestProxy proxy = proxy(upstream, clientTls, false, folder);
                RawClient client = clientTls ? overTls(proxy) : proxy.connect()) {
            assertThat(client.send(UPGRADE).read().status()).isEqualTo(101);
            assertThat(text(client.socket, 100)).isEqualTo("hello");
            client.send("late").socket.shutdownOutput();
            assertThat(late.get(10, TimeUnit.SECONDS)).isEqualTo("late");
            await().until(() -> open(proxy) == 0);
        }
    }

    /** BoringSSL, as Netty drives it, answers a goodbye at once with its own. */
    @ParameterizedTest
    @CsvSource({"true, false", "false, true"})
    void endsBothDirectionsWhenAPeerSaysGoodbyeInTls(boolean clientTls, boolean targetTls, @TempDir Path folder)
            throws Exception {
        CompletableFuture<String> received = new CompletableFuture<>();
        Script script = peer -> {
            peer.send(WebSocketEcho.accepting(peer.head(), "") + "hello");
            if (targetTls) {
                peer.socket.shutdownOutput();
            }
            received.complete(text(peer.socket, 100));
        };
        try (RawUpstream upstream = targetTls ? new RawUpstream(script, overTls()) : new RawUpstream(script);
                TestProxy proxy = proxy(upstream, clientTls, targetTls, folder);
                RawClient client = clientTls ? overTls(proxy) : proxy.connect()) {
            assertThat(client.send(UPGRADE).read().status()).isEqualTo(101);
            assertThat(text(client.socket, 5)).isEqualTo("hello");
            if (clientTls) {
                client.send("bye").socket.shutdownOutput();
            }
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(received.get(10, TimeUnit.SECONDS)).isEqualTo(clientTls ? "bye" : "");
            client.socket.close();
            await().until(() -> open(proxy) == 0);
            await().until(() -> proxy.metric("gojinn_upstream_connections", "upstream", "app") == 0);
        }
    }

    private static ServerSocketFactory overTls() throws Exception {
        X509Bundle certificate = new CertificateBuilder()
                .subject("CN=target")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(certificate.toKeyManagerFactory().getKeyManagers(), null, null);
        return context.getServerSocketFactory();
    }

    private static TestProxy proxy(RawUpstream upstream, boolean clientTls, boolean targetTls, Path folder) {
        UpstreamConfig plain = upstream.upgrading(IDLE, "websocket");
        WireConfig.Tls anyCertificate = new WireConfig.Tls(List.of(), Optional.empty(), Optional.empty(), true);
        TestProxy.Builder builder = TestProxy.with()
                .upstream(new UpstreamConfig(
                        plain.name(),
                        List.of(new UpstreamConfig.Target(
                                "127.0.0.1", upstream.address().getPort(), targetTls)),
                        plain.connectTimeout(),
                        plain.responseTimeout(),
                        plain.idleConnections(),
                        new WireConfig(WireConfig.Protocol.AUTO, anyCertificate, WireConfig.Http2.defaults()),
                        plain.policy(),
                        plain.tunnels()));
        return (clientTls ? builder.tls(TestCertificate.tls(folder)) : builder).start();
    }

    private static RawClient overTls(TestProxy proxy) throws IOException {
        return new RawClient(TestCertificate.trustingEverybody()
                .getSocketFactory()
                .createSocket(
                        proxy.server().address("web").getAddress(),
                        proxy.server().address("web").getPort()));
    }

    /** What comes behind the request waits until the upstream has agreed, however long that takes. */
    @Test
    void keepsEarlyBytesUntilTheUpstreamAgrees() throws IOException {
        CompletableFuture<Integer> early = new CompletableFuture<>();
        CompletableFuture<Void> agree = new CompletableFuture<>();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    String head = peer.head();
                    agree.join();
                    early.complete(peer.socket.getInputStream().available());
                    peer.send(WebSocketEcho.accepting(head, "") + "hello");
                    for (int c = peer.read(); c >= 0; c = peer.read()) {
                        peer.socket.getOutputStream().write(c);
                    }
                });
                TestProxy proxy = proxy(upstream, IDLE);
                RawClient client = proxy.connect()) {
            client.send(UPGRADE + "early").send(" bytes");
            await().until(() -> upstream.connections.get() == 1);
            agree.complete(null);
            assertThat(client.read().status()).isEqualTo(101);
            assertThat(text(client.socket, 16)).isEqualTo("helloearly bytes");
            assertThat(early).isCompletedWithValue(0);
        }
    }

    /** A peer that speaks before the upgrade is decided fills its socket, not this process. */
    @Test
    void readsNoFurtherWhileTheUpgradeIsUndecided() throws Exception {
        CompletableFuture<Void> end = new CompletableFuture<>();
        AtomicLong written = new AtomicLong();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.head();
                    end.join();
                });
                TestProxy proxy = proxy(upstream, IDLE);
                RawClient client = proxy.connect()) {
            client.send(UPGRADE);
            Thread flood = Thread.ofVirtual().start(() -> {
                byte[] piece = new byte[64 << 10];
                try {
                    while (written.get() < 256L << 20) {
                        client.socket.getOutputStream().write(piece);
                        written.addAndGet(piece.length);
                    }
                } catch (IOException closed) {
                    // the test is over
                }
            });
            awaitStandstill(written);
            assertThat(written.get()).isLessThan(32L << 20);
            end.complete(null);
            client.socket.close();
            flood.join();
        }
    }

    @Test
    void answersPipelinedRequestsBehindARefusedUpgrade() {
        Queue<String> heads = new ConcurrentLinkedQueue<>();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
                        heads.add(head);
                        String path = head.substring(4, head.indexOf(' ', 4));
                        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + path.length() + "\r\n\r\n" + path);
                    }
                });
                TestProxy proxy = proxy(upstream, IDLE);
                RawClient client = proxy.connect()) {
            client.send(UPGRADE + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHos")
                    .send("t: a\r\n\r\n");
            assertThat(client.read().body()).isEqualTo("/ws");
            assertThat(client.read().body()).isEqualTo("/2");
            assertThat(client.read().body()).isEqualTo("/3");
            assertThat(client.get("/4").read().body()).isEqualTo("/4");
            assertThat(heads).hasSize(4);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Upgrade: other\r\nConnection: upgrade\r\nSec-WebSocket-Accept: %s\r\n",
                "Upgrade: websocket, other\r\nConnection: upgrade\r\nSec-WebSocket-Accept: %s\r\n",
                "Upgrade: websocket\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: %s\r\n",
                "Upgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n",
                "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo\r\n",
                "Upgrade: websocket\r\nConnection: upgrade\r\n",
                "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: %s\r\nContent-Length: 0\r\n",
                "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: %s\r\nContent-Length: 5\r\n",
                "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: %s\r\nTransfer-Encoding: chunked\r\n",
                "Connection: upgrade\r\n",
            })
    void refusesAgreementToSomethingElse(String fields) {
        String answer = "HTTP/1.1 101 Switching Protocols\r\n" + fields.formatted(WebSocketEcho.accept(KEY)) + "\r\n";
        try (RawUpstream upstream = RawUpstream.answering(answer + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
                TestProxy proxy = proxy(upstream, IDLE);
                RawClient client = proxy.connect()) {
            RawClient.Response response = client.send(UPGRADE).read();
            assertThat(response.status()).isEqualTo(502);
            assertThat(response.header("x-gojinn-error")).isEqualTo("upstream_protocol");
            assertThat(client.get("/respond").read().body()).isEqualTo("plain");
            assertThat(open(proxy)).isZero();
        }
    }

    /** What is no upgrade in one reading only is none, and reaches the upstream without its fields. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket, h2c\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi",
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
                "GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade, keep-alive\r\nUpgrade: websocket\r\n\r\n",
            })
    void ignoresWhatIsNoPlainUpgrade(String request) {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = proxy(upstream, IDLE);
                RawClient client = proxy.connect()) {
            RawClient.Response response = client.send(request).read();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).doesNotContainIgnoringCase("upgrade", "http2-settings");
            assertThat(client.get("/respond").read().body()).isEqualTo("plain");
        }
    }

    @Test
    void passesNoUpgradeOnThatIsNotAllowed() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .respond("/respond", "plain")
                        .function("/function", FakeFunction.echo())
                        .upstream(upstream.config())
                        .start();
                RawClient client = proxy.connect()) {
            for (String path : new String[] {"/ws", "/respond", "/function"}) {
                RawClient.Response response =
                        client.send(UPGRADE.replace("/ws", path)).read();
                assertThat(response.status()).isEqualTo(200);
            }
            assertThat(client.send(UPGRADE + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
                            .read()
                            .body())
                    .doesNotContain("Upgrade:", "upgrade:");
            assertThat(client.read().body()).startsWith("GET /2 ");
        }
    }

    @Test
    void refusesAnAgreementThatNobodyAskedFor() {
        try (RawUpstream upstream = RawUpstream.answering(
                        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
                TestProxy proxy = proxy(upstream, IDLE);
                RawClient client = proxy.connect()) {
            assertThat(client.get("/").read().status()).isEqualTo(502);
        }
    }

    @Test
    void endsATunnelThatIsSilent() {
        try (RawUpstream upstream = new RawUpstream(ECHO);
                TestProxy proxy = proxy(upstream, Duration.ofMillis(200));
                RawClient client = proxy.connect()) {
            assertThat(client.send(UPGRADE).read().status()).isEqualTo(101);
            assertThat(client.isClosedByPeer()).isTrue();
            await().until(() -> open(proxy) == 0);
            assertThat(proxy.metric("gojinn_client_errors_total", "reason", "tunnel_idle"))
                    .isEqualTo(1);
        }
    }

    @Test
    void passesAResetOn() throws IOException {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.send(WebSocketEcho.accepting(peer.head(), ""));
                    peer.read();
                    peer.reset();
                });
                TestProxy proxy = proxy(upstream, IDLE);
                RawClient client = proxy.connect()) {
            assertThat(client.send(UPGRADE).read().status()).isEqualTo(101);
            client.send("x");
            assertThat(client.isClosedByPeer()).isTrue();
            await().until(() -> open(proxy) == 0);
        }
    }

    @Test
    void cutsTunnelsThatOutliveTheGrace() {
        try (RawUpstream upstream = new RawUpstream(ECHO);
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.upgrading(IDLE, "websocket"))
                        .grace(Duration.ofMillis(300))
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(client.send(UPGRADE).read().status()).isEqualTo(101);
            CompletableFuture<Integer> cutOff =
                    CompletableFuture.supplyAsync(() -> proxy.server().drain());
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(cutOff.join()).isEqualTo(1);
            assertThat(open(proxy)).isZero();
        }
    }

    /** A client that does not read stops the upstream, and gets every byte when it does. */
    @Test
    void holdsAboundedPartOfWhatIsNotRead() throws Exception {
        long total = 64L << 20;
        AtomicLong written = new AtomicLong();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.send(WebSocketEcho.accepting(peer.head(), ""));
                    byte[] piece = new byte[64 << 10];
                    while (written.get() < total) {
                        peer.socket.getOutputStream().write(piece);
                        written.addAndGet(piece.length);
                    }
                });
                TestProxy proxy = proxy(upstream, IDLE);
                RawClient client = proxy.connect()) {
            assertThat(client.send(UPGRADE).read().status()).isEqualTo(101);
            awaitStandstill(written);
            assertThat(written.get()).isLessThan(total / 2);
            long received = 0;
            byte[] piece = new byte[1 << 20];
            for (int n = client.socket.getInputStream().read(piece);
                    n > 0;
                    n = client.socket.getInputStream().read(piece)) {
                received += n;
            }
            assertThat(received).isEqualTo(total);
        }
    }

    // HTTP/2 (RFC 8441)

    private static Head connect(String path) {
        return new Head()
                .with(":method", "CONNECT")
                .with(":protocol", "websocket")
                .with(":scheme", "http")
                .with(":path", path)
                .with(":authority", "test")
                .with("sec-websocket-version", "13");
    }

    @Test
    void opensTunnelsInStreamsOfHttp2() {
        CompletableFuture<String> seen = new CompletableFuture<>();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    String head = peer.head();
                    seen.complete(head);
                    peer.send(WebSocketEcho.accepting(head, "Sec-WebSocket-Protocol: chat\r\n"));
                    for (int c = peer.read(); c >= 0; c = peer.read()) {
                        peer.socket.getOutputStream().write(c);
                    }
                    peer.send("end");
                });
                TestProxy proxy = proxy(upstream, IDLE);
                Http2Client client = Http2Client.connect(proxy)) {
            Frame settings = client.await(frame -> frame.type() == Http2Client.SETTINGS && frame.flags() == 0);
            assertThat(setting(settings, 8)).isEqualTo(1);
            // Data that comes early waits.
            client.open(1, connect("/ws").with("sec-websocket-key", "ignored")).data(1, "early ", false);
            Frame head = client.await(Http2Client.HEADERS, 1);
            assertThat(head.headers())
                    .containsEntry(":status", "200")
                    .containsEntry("sec-websocket-protocol", "chat")
                    .doesNotContainKeys("sec-websocket-accept", "upgrade", "connection");
            assertThat(head.endsStream()).isFalse();
            assertThat(seen.join())
                    .startsWith("GET /ws HTTP/1.1\r\n")
                    .containsIgnoringCase("\r\nupgrade: websocket\r\n")
                    .containsIgnoringCase("\r\nconnection: upgrade\r\n")
                    .doesNotContain("ignored");
            client.data(1, "bytes", true);
            StringBuilder text = new StringBuilder();
            Frame frame;
            do {
                frame = client.await(Http2Client.DATA, 1);
                text.append(new String(frame.bytes(), StandardCharsets.ISO_8859_1));
            } while (!frame.endsStream());
            assertThat(text).hasToString("early bytesend");
            await().until(() -> open(proxy) == 0);
            assertThat(client.request(3, Head.get("/respond")).response(3).body())
                    .isEqualTo("plain");
        }
    }

    @Test
    void mapsResetsOfStreams() {
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    String head = peer.head();
                    peer.send(WebSocketEcho.accepting(head, ""));
                    if (head.startsWith("GET /reset")) {
                        peer.read();
                        peer.reset();
                    } else {
                        peer.awaitEnd();
                        ended.complete(true);
                    }
                });
                TestProxy proxy = proxy(upstream, IDLE);
                Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, connect("/ws"));
            client.await(Http2Client.HEADERS, 1);
            client.reset(1, Http2Client.CANCEL);
            assertThat(ended.join()).isTrue();
            client.open(3, connect("/reset"));
            client.await(Http2Client.HEADERS, 3);
            client.data(3, "x", false);
            assertThat(client.await(Http2Client.RST_STREAM, 3).error()).isEqualTo(0xa);
            await().until(() -> open(proxy) == 0);
        }
    }

    @Test
    void refusesWhatNoRouteTakes() {
        try (RawUpstream upstream = new RawUpstream(ECHO);
                TestProxy proxy = proxy(upstream, IDLE);
                Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, connect("/respond"));
            assertThat(client.await(Http2Client.HEADERS, 1).headers()).containsEntry(":status", "501");
            client.open(3, new Head().with(":method", "CONNECT").with(":authority", "test:80"));
            assertThat(client.await(Http2Client.HEADERS, 3).headers()).containsEntry(":status", "501");
            client.open(5, Head.get("/ws").with(":protocol", "websocket"));
            assertThat(client.await(Http2Client.RST_STREAM, 5).error()).isEqualTo(Http2Client.PROTOCOL_ERROR);
            client.open(7, connect("/ws").with("content-length", "0"));
            assertThat(client.await(Http2Client.RST_STREAM, 7).error()).isEqualTo(Http2Client.PROTOCOL_ERROR);
            assertThat(upstream.connections).hasValue(0);
        }
    }

    private static double open(TestProxy proxy) {
        return proxy.metric("gojinn_open_tunnels", "route", "forward");
    }

    private static int setting(Frame settings, int id) {
        for (int at = 0; at < settings.payload().limit(); at += 6) {
            if (settings.payload().getShort(at) == id) {
                return settings.payload().getInt(at + 2);
            }
        }
        return -1;
    }

    private static void awaitStandstill(AtomicLong counter) {
        long[] last = {-1};
        await().pollInterval(Duration.ofMillis(300)).until(() -> {
            long before = last[0];
            last[0] = counter.get();
            return before > 0 && before == last[0];
        });
    }

    private static String text(Socket socket, int most) throws IOException {
        return new String(socket.getInputStream().readNBytes(most), StandardCharsets.ISO_8859_1);
    }
}
