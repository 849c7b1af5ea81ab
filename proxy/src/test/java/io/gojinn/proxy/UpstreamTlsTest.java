package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.WireConfig;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import javax.net.ServerSocketFactory;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS to upstreams: who is trusted, who is not, and what is told of it. */
@SuppressWarnings("StringConcatToTextBlock") // the wire ends lines in CR LF
class UpstreamTlsTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    @TempDir
    private Path folder;

    private X509Bundle authority;
    private Path ca;

    @BeforeEach
    void makeAuthority() throws Exception {
        authority = new CertificateBuilder()
                .subject("CN=authority")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        ca = folder.resolve("ca.pem");
        Files.writeString(ca, authority.getCertificatePathPEM());
    }

    private X509Bundle certificate(String name) throws Exception {
        return new CertificateBuilder()
                .subject("CN=" + name)
                .addSanDnsName(name)
                .buildIssuedBy(authority);
    }

    private static SSLContext server(X509Bundle certificate) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(
                certificate.toKeyManagerFactory().getKeyManagers(),
                certificate.toTrustManagerFactory().getTrustManagers(),
                null);
        return context;
    }

    private static RawUpstream speaking(X509Bundle certificate, RawUpstream.Script script) throws Exception {
        return new RawUpstream(script, server(certificate).getServerSocketFactory());
    }

    private static RawUpstream answering(X509Bundle certificate) throws Exception {
        return speaking(certificate, peer -> {
            while (!peer.request().isEmpty()) {
                peer.send(OK);
            }
        });
    }

    private WireConfig.Tls trusting(Path... authorities) {
        return new WireConfig.Tls(List.of(authorities), Optional.empty(), Optional.empty(), false);
    }

    private static TestProxy proxy(String host, int port, WireConfig.Tls tls) {
        return TestProxy.with()
                .loops(1)
                .upstream(new UpstreamConfig(
                        "app",
                        List.of(new UpstreamConfig.Target(host, port, true)),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(5),
                        4,
                        new WireConfig(WireConfig.Protocol.HTTP_1_1, tls, WireConfig.Http2.defaults())))
                .start();
    }

    @Test
    void verifiesTheTargetsNameAndReusesItsConnection() throws Exception {
        try (RawUpstream upstream = answering(certificate("localhost"));
                TestProxy proxy = proxy("localhost", upstream.address().getPort(), trusting(ca));
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.get("/").read().body()).isEqualTo("ok");
            }
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void verifiesTheAddressOfATargetWithoutAName() throws Exception {
        X509Bundle addressed = new CertificateBuilder()
                .subject("CN=by address")
                .addSanIpAddress("127.0.0.1")
                .buildIssuedBy(authority);
        try (RawUpstream right = answering(addressed);
                RawUpstream wrong = answering(certificate("localhost"));
                TestProxy proxy = proxy("127.0.0.1", right.address().getPort(), trusting(ca));
                TestProxy other = proxy("127.0.0.1", wrong.address().getPort(), trusting(ca));
                RawClient client = proxy.connect();
                RawClient refused = other.connect()) {
            assertThat(client.get("/").read().status()).isEqualTo(200);
            assertFailed(refused.get("/").read(), "upstream_certificate");
        }
    }

    @Test
    void asksForTheConfiguredNameAndVerifiesIt() throws Exception {
        WireConfig.Tls tls = new WireConfig.Tls(List.of(ca), Optional.of("app.internal"), Optional.empty(), false);
        try (RawUpstream upstream = speaking(certificate("app.internal"), peer -> {
                    peer.request();
                    ExtendedSSLSession session = (ExtendedSSLSession) ((SSLSocket) peer.socket).getSession();
                    String name =
                            ((SNIHostName) session.getRequestedServerNames().getFirst()).getAsciiName();
                    String body = name + " " + session.getProtocol();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                });
                TestProxy proxy = proxy("127.0.0.1", upstream.address().getPort(), tls);
                RawClient client = proxy.connect()) {
            assertThat(client.get("/").read().body()).isEqualTo("app.internal TLSv1.3");
        }
    }

    @Test
    void refusesACertificateForAnotherName() throws Exception {
        try (RawUpstream upstream = answering(certificate("other.example"));
                TestProxy proxy = proxy("localhost", upstream.address().getPort(), trusting(ca))) {
            assertRefusedAndCounted(proxy);
        }
    }

    @Test
    void refusesACertificateOfAnUnknownAuthority() throws Exception {
        X509Bundle own = new CertificateBuilder()
                .subject("CN=localhost")
                .addSanDnsName("localhost")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        try (RawUpstream upstream = answering(own);
                TestProxy proxy = proxy("localhost", upstream.address().getPort(), trusting(ca))) {
            assertRefusedAndCounted(proxy);
        }
    }

    @Test
    void refusesAnExpiredCertificate() throws Exception {
        X509Bundle expired = new CertificateBuilder()
                .subject("CN=localhost")
                .addSanDnsName("localhost")
                .notBefore(Instant.now().minus(3, ChronoUnit.DAYS))
                .notAfter(Instant.now().minus(1, ChronoUnit.DAYS))
                .buildIssuedBy(authority);
        try (RawUpstream upstream = answering(expired);
                TestProxy proxy = proxy("localhost", upstream.address().getPort(), trusting(ca))) {
            assertRefusedAndCounted(proxy);
        }
    }

    @Test
    void trustsTheRuntimesStoreAndNobodyElseByDefault() throws Exception {
        try (RawUpstream upstream = answering(certificate("localhost"));
                TestProxy proxy = proxy("localhost", upstream.address().getPort(), trusting())) {
            assertRefusedAndCounted(proxy);
        }
    }

    @Test
    void takesAnyCertificateOnlyWhenToldTo() throws Exception {
        WireConfig.Tls insecure = new WireConfig.Tls(List.of(), Optional.empty(), Optional.empty(), true);
        try (RawUpstream upstream = answering(certificate("other.example"));
                TestProxy proxy = proxy("localhost", upstream.address().getPort(), insecure);
                RawClient client = proxy.connect()) {
            assertThat(client.get("/").read().status()).isEqualTo(200);
        }
    }

    @Test
    void showsItsOwnCertificateToATargetThatAsks() throws Exception {
        X509Bundle mine = new CertificateBuilder().subject("CN=gojinn").buildIssuedBy(authority);
        Path certificate = folder.resolve("mine.pem");
        Path key = folder.resolve("mine.key");
        Files.writeString(certificate, mine.getCertificatePathPEM());
        Files.writeString(key, mine.getPrivateKeyPEM());
        WireConfig.Tls tls = new WireConfig.Tls(
                List.of(ca), Optional.empty(), Optional.of(new WireConfig.Identity(certificate, key)), false);
        RawUpstream.Script script = peer -> {
            String seen =
                    ((SSLSocket) peer.socket).getSession().getPeerPrincipal().getName();
            while (!peer.request().isEmpty()) {
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + seen.length() + "\r\n\r\n" + seen);
            }
        };
        try (RawUpstream upstream = new RawUpstream(script, asking(certificate("localhost")));
                TestProxy proxy = proxy("localhost", upstream.address().getPort(), tls);
                TestProxy anonymous = proxy("localhost", upstream.address().getPort(), trusting(ca));
                RawClient client = proxy.connect();
                RawClient unknown = anonymous.connect()) {
            assertThat(client.get("/").read().body()).isEqualTo("CN=gojinn");
            assertThat(unknown.get("/").read().status()).isEqualTo(502);
        }
    }

    // The certificate holds its authority, so that it trusts what that has issued.
    private static ServerSocketFactory asking(X509Bundle certificate) throws Exception {
        SSLServerSocketFactory sockets = server(certificate).getServerSocketFactory();
        return new ServerSocketFactory() {
            @Override
            public ServerSocket createServerSocket(int port) throws IOException {
                return asking(sockets.createServerSocket(port));
            }

            @Override
            public ServerSocket createServerSocket(int port, int backlog) throws IOException {
                return asking(sockets.createServerSocket(port, backlog));
            }

            @Override
            public ServerSocket createServerSocket(int port, int backlog, InetAddress address) throws IOException {
                return asking(sockets.createServerSocket(port, backlog, address));
            }

            private ServerSocket asking(ServerSocket socket) {
                ((SSLServerSocket) socket).setNeedClientAuth(true);
                return socket;
            }
        };
    }

    @Test
    void answers502ToATargetWithoutTls() {
        try (RawUpstream upstream = new RawUpstream(peer -> peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"));
                TestProxy proxy = proxy("localhost", upstream.address().getPort(), trusting());
                RawClient client = proxy.connect()) {
            assertFailed(client.get("/").read(), "upstream_tls");
        }
    }

    @Test
    void answers504WhenAHandshakeTakesTooLong() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.awaitEnd();
                    closed.countDown();
                });
                TestProxy proxy = TestProxy.with()
                        .upstream(new UpstreamConfig(
                                "app",
                                List.of(new UpstreamConfig.Target(
                                        "localhost", upstream.address().getPort(), true)),
                                Duration.ofMillis(300),
                                Duration.ofSeconds(5),
                                4,
                                WireConfig.defaults()))
                        .start();
                RawClient client = proxy.connect()) {
            Response response = client.get("/").read();
            assertThat(response.status()).isEqualTo(504);
            assertThat(response.header("x-gojinn-error")).isEqualTo("upstream_connect_timeout");
            await().until(() -> closed.getCount() == 0);
        }
    }

    @Test
    void neverTakesAClosedConnectionForTheEndOfABodyWithoutTheGoodbyeOfTls() throws Exception {
        X509Bundle certificate = certificate("localhost");
        SSLContext context = server(certificate);
        // A socket below the TLS one, to be closed without its goodbye.
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    Socket below = peer.socket;
                    SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(below, null, true);
                    tls.setUseClientMode(false);
                    RawUpstream.Peer inner = new RawUpstream.Peer(tls, 0);
                    boolean clean = inner.request().contains("/clean");
                    inner.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsome");
                    if (clean) {
                        tls.close();
                    } else {
                        below.shutdownOutput();
                        peer.awaitEnd();
                    }
                });
                TestProxy proxy = proxy("localhost", upstream.address().getPort(), trusting(ca));
                RawClient client = proxy.connect();
                RawClient other = proxy.connect()) {
            assertThat(client.get("/clean").read().body()).isEqualTo("some");
            Response cut = other.get("/cut").readIfAny(false);
            assertThat(cut == null || !cut.whole()).isTrue();
            await().until(() ->
                    proxy.metric("gojinn_upstream_requests_total", "upstream", "app", "outcome", "upstream_truncated")
                            == 1);
        }
    }

    @Test
    void closesAConnectionThatSpeaksUnasked() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        try (RawUpstream upstream = speaking(certificate("localhost"), peer -> {
                    peer.request();
                    peer.send(OK + (peer.index == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison" : ""));
                    try {
                        peer.awaitEnd();
                    } finally {
                        closed.countDown();
                    }
                });
                TestProxy proxy = proxy("localhost", upstream.address().getPort(), trusting(ca));
                RawClient client = proxy.connect()) {
            client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.read().body()).isEqualTo("ok");
            assertThat(client.read().body()).isEqualTo("ok");
            assertThat(upstream.connections).hasValue(2);
            await().until(() -> closed.getCount() == 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"no such file", "not a certificate"})
    void namesTheFileThatCannotBeUsed(String how) throws IOException {
        Path file = folder.resolve("broken.pem");
        if (how.equals("not a certificate")) {
            Files.writeString(file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        }
        assertThatThrownBy(() -> proxy("localhost", 1, trusting(file)))
                .hasMessageContaining("upstream app: ca " + file);
    }

    private static void assertRefusedAndCounted(TestProxy proxy) {
        try (RawClient client = proxy.connect()) {
            assertFailed(client.get("/").read(), "upstream_certificate");
        }
        assertThat(proxy.metric("gojinn_upstream_requests_total", "upstream", "app", "outcome", "upstream_certificate"))
                .isEqualTo(1);
        await().until(() -> proxy.metric("gojinn_upstream_connections", "upstream", "app") == 0);
    }

    private static void assertFailed(Response response, String label) {
        assertThat(response.status()).isEqualTo(502);
        assertThat(response.header("x-gojinn-error")).isEqualTo(label);
    }
}
