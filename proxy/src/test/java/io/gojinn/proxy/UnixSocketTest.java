package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.transport.Transport;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.WireConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** Targets behind Unix domain sockets. */
class UnixSocketTest {
    @TempDir
    private Path folder;

    @AfterEach
    void anyTransport() {
        System.clearProperty(Transport.PROPERTY);
    }

    private Path path() {
        return folder.resolve("app.sock");
    }

    private static UpstreamConfig to(Path socket, WireConfig.Protocol protocol) {
        return new UpstreamConfig(
                "app",
                List.of(UpstreamConfig.Target.on(socket)),
                Duration.ofSeconds(2),
                Duration.ofSeconds(10),
                4,
                new WireConfig(protocol, WireConfig.Tls.defaults(), WireConfig.Http2.defaults()));
    }

    private TestProxy.Builder proxy() {
        return TestProxy.with().loops(1).upstream(to(path(), WireConfig.Protocol.HTTP_1_1));
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void forwardsOnConnectionsThatStay(Transport transport) {
        System.setProperty(Transport.PROPERTY, transport.name().toLowerCase(Locale.ROOT));
        String large = "0123456789abcdef".repeat(100_000);
        try (RawUpstream upstream = RawUpstream.echoing();
                UnixRelay relay = new UnixRelay(path(), upstream.address());
                TestProxy proxy = proxy().start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.get("/" + i).read().body())
                        .startsWith("GET /" + i + " HTTP/1.1\r\n")
                        .contains("\r\nHost: test\r\n");
            }
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + large.length() + "\r\n\r\n" + large);
            assertThat(client.read().body()).endsWith(large);
            assertThat(client.send("GET / HTTP/1.0\r\n\r\n").read().body()).contains("\r\nhost: localhost\r\n");
            assertThat(relay.connections).hasValue(1);
            assertThat(proxy.metric("gojinn_upstream_connections", "upstream", "app"))
                    .isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void carriesTunnelsAndTheEndOfEachDirection(Transport transport) throws IOException {
        System.setProperty(Transport.PROPERTY, transport.name().toLowerCase(Locale.ROOT));
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.send(WebSocketEcho.accepting(peer.head(), ""));
                    StringBuilder received = new StringBuilder();
                    for (int c = peer.read(); c >= 0; c = peer.read()) {
                        received.append((char) c);
                    }
                    peer.send(received.reverse().toString());
                    peer.socket.shutdownOutput();
                    peer.awaitEnd();
                });
                UnixRelay relay = new UnixRelay(path(), upstream.address());
                TestProxy proxy =
                        TestProxy.with().upstream(tunnelling(upstream)).start();
                RawClient client = proxy.connect()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-"
                    + "Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            assertThat(client.read().status()).isEqualTo(101);
            client.send("abc");
            client.socket.shutdownOutput();
            assertThat(new String(client.socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .isEqualTo("cba");
            assertThat(relay.connections).hasValue(1);
        }
    }

    private UpstreamConfig tunnelling(RawUpstream upstream) {
        UpstreamConfig plain = upstream.upgrading(Duration.ofSeconds(10), "websocket");
        return new UpstreamConfig(
                plain.name(),
                List.of(UpstreamConfig.Target.on(path())),
                plain.connectTimeout(),
                plain.responseTimeout(),
                plain.idleConnections(),
                plain.wire(),
                plain.policy(),
                plain.tunnels());
    }

    @Test
    void speaksHttp2ByPriorKnowledge() {
        try (TestProxy server =
                        TestProxy.with().function("/*", FakeFunction.echo()).start();
                UnixRelay relay = new UnixRelay(path(), server.server().address("web"));
                TestProxy proxy = TestProxy.with()
                        .loops(1)
                        .upstream(to(path(), WireConfig.Protocol.H2))
                        .start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.get("/" + i).read().body()).contains("\"path\":\"/" + i + "\"");
            }
            assertThat(relay.connections).hasValue(1);
        }
    }

    @Test
    void checksItsHealth() {
        try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) {
            TestPolicy policy = TestPolicy.policy().health(50, 1_000, 1, 1);
            UpstreamConfig checked = policy.of(upstream);
            UpstreamConfig config = new UpstreamConfig(
                    "app",
                    List.of(UpstreamConfig.Target.on(path())),
                    checked.connectTimeout(),
                    checked.responseTimeout(),
                    checked.idleConnections(),
                    checked.wire(),
                    checked.policy(),
                    checked.tunnels());
            try (TestProxy proxy = TestProxy.with().upstream(config).start()) {
                await().until(() -> available(proxy) == 0);
                try (UnixRelay relay = new UnixRelay(path(), upstream.address())) {
                    await().until(() -> available(proxy) == 1);
                    assertThat(relay.connections).hasPositiveValue();
                }
                await().until(() -> available(proxy) == 0);
            }
        }
    }

    private static double available(TestProxy proxy) {
        return proxy.metric("gojinn_upstream_available_targets", "upstream", "app");
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void saysWhatIsWrongWithThePath(Transport transport) throws IOException {
        System.setProperty(Transport.PROPERTY, transport.name().toLowerCase(Locale.ROOT));
        CapturedLog access = new CapturedLog();
        try (TestProxy proxy = proxy().accessLog(access).start();
                RawClient client = proxy.connect()) {
            assertRefused(client.get("/missing").read());
            Files.createFile(path());
            assertRefused(client.get("/file").read());
            Files.delete(path());
            new UnixRelay(path(), proxy.server().address("web")).leavingItsFile();
            assertRefused(client.get("/left").read());
            List<String> details = new ArrayList<>();
            for (JsonNode line : access.awaitLines(3)) {
                assertThat(line.get("upstream").asString()).isEqualTo("unix:" + path());
                details.add(line.get("detail").asString());
            }
            assertThat(details.get(0)).contains("No such file or directory");
            assertThat(details.get(1)).contains("nobody listens there, or it is no socket");
            assertThat(details.get(2)).contains("nobody listens there, or it is no socket");
        }
    }

    private static void assertRefused(Response response) {
        assertThat(response.status()).isEqualTo(502);
        assertThat(response.header("x-gojinn-error")).isEqualTo("upstream_connect");
    }

    @Test
    void connectsAnewWhenTheServerWasRestarted() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = proxy().start();
                RawClient client = proxy.connect()) {
            try (UnixRelay first = new UnixRelay(path(), upstream.address())) {
                assertThat(client.get("/1").read().status()).isEqualTo(200);
                assertThat(first.connections).hasValue(1);
            }
            try (UnixRelay second = new UnixRelay(path(), upstream.address())) {
                assertThat(client.get("/2").read().status()).isEqualTo(200);
                assertThat(second.connections).hasValue(1);
            }
        }
    }
}
