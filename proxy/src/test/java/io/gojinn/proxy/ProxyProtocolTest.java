package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.address.ClientField;
import io.gojinn.proxy.address.ProxyTrust;
import io.gojinn.proxy.listen.ListenerLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProxyProtocolTest {
    private static final ProxyTrust LOOPBACK = trusting("127.0.0.0", 8);
    private static final String LINE = "PROXY TCP4 192.0.2.7 192.0.2.1 5000 80\r\n";
    private static final byte[] BINARY = HexFormat.of()
            .parseHex("0d0a0d0a000d0a515549540a" + "2111" + "0013" + "c0000207" + "c0000201" + "1388" + "0050"
                    + "04000400000000");
    private static final byte[] LOCAL = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a" + "2000" + "0000");

    private static ProxyTrust trusting(String first, int bits) {
        return new ProxyTrust(
                List.of(new AddressRange(InetAddress.ofLiteral(first), bits)), ClientField.X_FORWARDED_FOR, true);
    }

    @Test
    void takesTheClientFromTheHeader() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .trust(LOOPBACK)
                        .start();
                RawClient text = proxy.connect();
                RawClient binary = proxy.connect();
                RawClient local = proxy.connect()) {
            assertThat(text.send(LINE).get("/").read().body()).contains("\r\nx-forwarded-for: 192.0.2.7\r\n");
            assertThat(text.get("/again").read().body()).contains("\r\nx-forwarded-for: 192.0.2.7\r\n");
            assertThat(binary.send(BINARY).get("/").read().body()).contains("\r\nx-forwarded-for: 192.0.2.7\r\n");
            assertThat(local.send(LOCAL).get("/").read().body()).contains("\r\nx-forwarded-for: 127.0.0.1\r\n");
        }
    }

    @Test
    void takesAHeaderInPiecesAndARequestBehindIt() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .trust(LOOPBACK)
                        .start();
                RawClient pieces = proxy.connect();
                RawClient together = proxy.connect()) {
            for (byte b : BINARY) {
                pieces.send(new byte[] {b});
            }
            assertThat(pieces.get("/").read().body()).contains("\r\nx-forwarded-for: 192.0.2.7\r\n");
            together.send(LINE + "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(together.read().body()).startsWith("GET /1 ").contains("\r\nx-forwarded-for: 192.0.2.7\r\n");
            assertThat(together.read().body()).startsWith("GET /2 ");
        }
    }

    @Test
    void comesBeforeTls(@TempDir Path folder) throws IOException {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .trust(LOOPBACK)
                        .tls(TestCertificate.tls(folder))
                        .start();
                RawClient plain = proxy.connect()) {
            plain.send(LINE);
            Socket socket = TestCertificate.trustingEverybody()
                    .getSocketFactory()
                    .createSocket(plain.socket, "localhost", 443, true);
            ((SSLSocket) socket).startHandshake();
            try (RawClient client = new RawClient(socket)) {
                assertThat(client.get("/").read().body())
                        .contains("\r\nx-forwarded-for: 192.0.2.7\r\n")
                        .contains("\r\nx-forwarded-proto: https\r\n");
            }
        }
    }

    @Test
    void closesConnectionsWithoutOne() {
        try (TestProxy proxy =
                        TestProxy.with().respond("/", "hi").trust(LOOPBACK).start();
                RawClient plain = proxy.connect();
                RawClient broken = proxy.connect();
                RawClient http2 = proxy.connect()) {
            assertThat(plain.get("/").readIfAny(false)).isNull();
            assertThat(broken.send("PROXY TCP4 192.0.2.7\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
                            .readIfAny(false))
                    .isNull();
            assertThat(http2.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").readIfAny(false))
                    .isNull();
            await().untilAsserted(() -> assertThat(rejected(proxy)).isEqualTo(3));
        }
    }

    @Test
    void closesConnectionsOfStrangersUnread() {
        try (TestProxy proxy = TestProxy.with()
                        .respond("/", "hi")
                        .trust(trusting("192.0.2.0", 24))
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(client.isClosedByPeer()).isTrue();
            await().untilAsserted(() -> assertThat(rejected(proxy)).isEqualTo(1));
        }
    }

    @Test
    void isNoRequestWhereItIsNotAskedFor() {
        try (TestProxy proxy = TestProxy.with().respond("/", "hi").start();
                RawClient text = proxy.connect();
                RawClient binary = proxy.connect()) {
            assertThat(text.send(LINE).get("/").read().status()).isEqualTo(400);
            assertThat(text.isClosedByPeer()).isTrue();
            assertThat(binary.send(BINARY).get("/").read().status()).isEqualTo(400);
        }
    }

    /** A flood of connections that keep their header back costs each its time, and nobody else. */
    @Test
    void leavesThoseThatKeepItBack() throws IOException {
        ListenerLimits limits = new ListenerLimits(10_000, 4096, 100, Duration.ofMillis(300), Duration.ofSeconds(60));
        try (TestProxy proxy = TestProxy.with()
                .respond("/", "hi")
                .trust(LOOPBACK)
                .limits(limits)
                .start()) {
            List<RawClient> slow = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                RawClient client = proxy.connect();
                client.send(LINE.substring(0, i % LINE.length()).getBytes(StandardCharsets.US_ASCII));
                slow.add(client);
            }
            try (RawClient client = proxy.connect()) {
                assertThat(client.send(LINE).get("/").read().body()).isEqualTo("hi");
            }
            for (RawClient client : slow) {
                assertThat(client.isClosedByPeer()).isTrue();
                client.close();
            }
            await().untilAsserted(() -> assertThat(rejected(proxy)).isEqualTo(200));
        }
    }

    /** Behind a proxy that hides its client, anybody may have written the fields. */
    @Test
    void believesNoFieldsWhenTheHeaderNamesNobody() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .trust(LOOPBACK)
                        .start();
                RawClient unknown = proxy.connect();
                RawClient named = proxy.connect()) {
            String request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n";
            assertThat(unknown.send("PROXY UNKNOWN\r\n" + request).read().body())
                    .contains("\r\nx-forwarded-for: 127.0.0.1\r\n");
            assertThat(named.send("PROXY TCP4 127.0.0.9 127.0.0.1 1 2\r\n" + request)
                            .read()
                            .body())
                    .contains("\r\nx-forwarded-for: 198.51.100.1, 127.0.0.9\r\n");
        }
    }

    private static double rejected(TestProxy proxy) {
        return proxy.metric("gojinn_rejected_connections_total", "listener", "web", "reason", "proxy_header");
    }
}
