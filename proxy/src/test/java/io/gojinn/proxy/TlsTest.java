package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gojinn.proxy.listen.TlsConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TlsTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void servesHttps(String version) throws Exception {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .tls(new TlsConfig(List.of(certificate("one.example"))))
                        .upstream(upstream.config())
                        .start();
                RawClient client = connect(proxy, "one.example", version)) {
            for (int i = 0; i < 2; i++) {
                assertThat(client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
                                .read()
                                .body())
                        .contains("x-forwarded-proto: https")
                        .endsWith("abc");
            }
            assertThat(((SSLSocket) client.socket).getApplicationProtocol()).isEqualTo("http/1.1");
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            assertThat(client.read().status()).isEqualTo(200);
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "one.example, one.example",
        "two.example, two.example",
        "unknown.example, one.example",
    })
    void choosesTheCertificateByName(String asked, String given) throws Exception {
        TlsConfig config = new TlsConfig(List.of(certificate("one.example"), certificate("two.example")));
        try (TestProxy proxy = TestProxy.with().tls(config).respond("/", "hi").start();
                RawClient client = connect(proxy, asked, "TLSv1.3")) {
            assertThat(client.get("/").read().body()).isEqualTo("hi");
            X509Certificate leaf =
                    (X509Certificate) ((SSLSocket) client.socket).getSession().getPeerCertificates()[0];
            assertThat(leaf.getSubjectX500Principal().getName()).isEqualTo("CN=" + given);
        }
    }

    @Test
    void closesAConnectionThatSpeaksNoTls() throws Exception {
        try (TestProxy proxy = TestProxy.with()
                        .tls(new TlsConfig(List.of(certificate("one.example"))))
                        .respond("/", "hi")
                        .start();
                RawClient client = proxy.connect()) {
            client.get("/");
            while (!client.isClosedByPeer()) {
                // an alert, perhaps
            }
            assertThat(proxy.metric("gojinn_tls_failures_total", "listener", "web", "reason", "not_tls"))
                    .isEqualTo(1);
        }
    }

    @Test
    void namesTheFileThatCannotBeLoaded() throws Exception {
        TlsConfig.Certificate good = certificate("one.example");
        Path broken = folder.resolve("broken.pem");
        Files.writeString(broken, "no certificate");
        for (TlsConfig.Certificate bad : List.of(
                new TlsConfig.Certificate(folder.resolve("missing.pem"), good.key()),
                new TlsConfig.Certificate(good.certificate(), folder.resolve("missing.pem")))) {
            assertFails(bad, "missing.pem");
        }
        assertFails(new TlsConfig.Certificate(broken, good.key()), "broken.pem");
        assertFails(new TlsConfig.Certificate(good.certificate(), broken), "broken.pem");
    }

    private static void assertFails(TlsConfig.Certificate certificate, String file) {
        assertThatThrownBy(() -> TestProxy.with()
                        .tls(new TlsConfig(List.of(certificate)))
                        .respond("/", "")
                        .start())
                .isInstanceOf(UncheckedIOException.class)
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessageContaining("listener web")
                .hasMessageContaining(file);
    }

    private TlsConfig.Certificate certificate(String name) {
        return TestCertificate.named(folder, name);
    }

    private static RawClient connect(TestProxy proxy, String name, String version) throws Exception {
        SSLSocket socket = (SSLSocket)
                TestCertificate.trustingEverybody().getSocketFactory().createSocket();
        socket.connect(proxy.server().address("web"));
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(name)));
        parameters.setApplicationProtocols(new String[] {"http/1.1"});
        parameters.setProtocols(new String[] {version});
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return new RawClient(socket);
    }
}
