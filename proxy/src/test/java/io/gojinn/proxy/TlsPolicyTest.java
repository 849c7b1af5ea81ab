package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gojinn.proxy.listen.ListenerLimits;
import io.gojinn.proxy.listen.TlsConfig;
import io.gojinn.proxy.listen.TlsConfig.Certificate;
import io.gojinn.proxy.listen.TlsConfig.ClientCertificates;
import io.gojinn.proxy.listen.TlsConfig.UnknownNames;
import io.gojinn.proxy.listen.TlsConfig.Version;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.Algorithm;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a listener shows, asks for and refuses in handshakes, seen by the clients of OpenSSL and curl, and by none at all. */
class TlsPolicyTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "a.example, a.example",
        "A.Example, a.example",
        "x.b.example, wild",
        "x.y.b.example, default",
        "b.example, default",
        ".b.example, default",
        "xa.example, default",
        "unknown.example, default",
        "127.0.0.1, default",
    })
    void choosesTheCertificateByTheRulesOfRfc6125(String asked, String shown) throws Exception {
        TlsConfig config = new TlsConfig(List.of(
                certificate("default", "default.example"),
                certificate("a.example", "a.example"),
                generated("ec", "wild", "*.b.example")));
        try (TestProxy proxy = TestProxy.with().tls(config).respond("/", "hi").start()) {
            assertThat(openssl(proxy, "-servername", asked)).contains("CN=" + shown);
        }
    }

    @Test
    void refusesUnknownNamesWhenTold() throws Exception {
        TlsConfig config = config(UnknownNames.REFUSE, ClientCertificates.NONE, List.of());
        try (TestProxy proxy = TestProxy.with().tls(config).respond("/", "hi").start()) {
            assertThat(openssl(proxy, "-servername", "one.example")).contains("CN=one");
            assertThat(openssl(proxy, "-servername", "other.example")).contains("unrecognized name");
            assertThat(openssl(proxy, "-noservername")).contains("unrecognized name");
            assertThat(failures(proxy, "unknown_name")).isEqualTo(2);
        }
    }

    @Test
    void aHostOfAnotherCertificateIsMisdirected() throws Exception {
        TlsConfig config = new TlsConfig(List.of(certificate("one", "one.example"), certificate("two", "two.example")));
        try (TestProxy proxy = TestProxy.with().tls(config).respond("/", "hi").start()) {
            for (String protocol : List.of("--http1.1", "--http2")) {
                assertThat(curl(proxy, "one.example", protocol)).isEqualTo("hi 200");
                assertThat(curl(proxy, "one.example", protocol, "-H", "Host: two.example"))
                        .contains("misdirected")
                        .endsWith(" 421");
                assertThat(curl(proxy, "one.example", protocol, "-H", "Host: TWO.example.:443"))
                        .endsWith(" 421");
                assertThat(curl(proxy, "one.example", protocol, "-H", "Host: nobody.example"))
                        .isEqualTo("hi 200");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3", "-tls1_2 -no_ticket"})
    void resumesASession(String version) throws Exception {
        TlsConfig config = new TlsConfig(List.of(certificate("one", "one.example"), certificate("two", "two.example")));
        Path session = folder.resolve("session");
        String[] options = version.split(" ");
        try (TestProxy proxy =
                TestProxy.with().loops(2).tls(config).respond("/", "hi").start()) {
            String first = request(proxy, "one.example", options, "-sess_out", session.toString());
            assertThat(first).contains("New, TLSv1").contains("hi");
            for (int i = 0; i < 4; i++) {
                assertThat(request(proxy, "one.example", options, "-sess_in", session.toString()))
                        .contains("Reused, TLSv1")
                        .contains("hi");
            }
            if (!version.contains("no_ticket")) {
                assertThat(proxy.metric("gojinn_tls_resumptions_total", "listener", "web"))
                        .isEqualTo(4);
                assertThat(request(proxy, "two.example", options, "-sess_in", session.toString()))
                        .as("a session belongs to its certificate")
                        .contains("New, TLSv1");
            }
            assertThat(proxy.metric("gojinn_tls_handshakes_total", "listener", "web"))
                    .isGreaterThanOrEqualTo(5);
        }
    }

    @Test
    void tellsUpstreamsWhoTheClientHasProvedToBe() throws Exception {
        X509Bundle authority = authority();
        Client client = client(authority, "CN=Ada \u00c4, O=a b");
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .tls(config(UnknownNames.DEFAULT, ClientCertificates.REQUEST, List.of(pem(authority))))
                        .upstream(upstream.config())
                        .start()) {
            String[] forged = {
                "-H",
                "X-Client-Certificate-Subject: CN=root",
                "-H",
                "X-Client-Certificate-Fingerprint: 00",
                "-H",
                "Client-Cert: :AA==:",
                "-H",
                "X-Forwarded-Client-Cert: Subject=root"
            };
            for (String protocol : List.of("--http1.1", "--http2")) {
                assertThat(curl(proxy, "one.example", add(forged, protocol)))
                        .doesNotContainIgnoringCase("client-cert")
                        .endsWith(" 200");
                assertThat(curl(
                                proxy,
                                "one.example",
                                add(forged, protocol, "--cert", client.certificate(), "--key", client.key())))
                        .containsIgnoringCase("x-client-certificate-subject: CN=Ada %C3%84,O=a b\r\n")
                        .containsPattern("(?i)x-client-certificate-fingerprint: [0-9a-f]{64}\r\n")
                        .doesNotContain("root")
                        .endsWith(" 200");
            }
            assertThat(curl(proxy, "one.example", "--http1.1", "-H", "X_Client_Certificate_Subject: CN=root"))
                    .endsWith(" 400");
        }
    }

    @ParameterizedTest
    @CsvSource({"REQUEST, true", "REQUIRE, false"})
    void refusesClientCertificatesOfOthers(ClientCertificates policy, boolean withoutOne) throws Exception {
        X509Bundle authority = authority();
        Client good = client(authority, "CN=good");
        Client bad = client(authority(), "CN=bad");
        Client late = write(
                "late",
                new CertificateBuilder()
                        .subject("CN=late")
                        .notBefore(Instant.now().minus(Duration.ofDays(3)))
                        .notAfter(Instant.now().minus(Duration.ofDays(1)))
                        .buildIssuedBy(authority));
        try (TestProxy proxy = TestProxy.with()
                .tls(config(UnknownNames.DEFAULT, policy, List.of(pem(authority))))
                .respond("/", "hi")
                .start()) {
            assertThat(curl(proxy, "one.example").equals("hi 200")).isEqualTo(withoutOne);
            assertThat(curl(proxy, "one.example", "--cert", good.certificate(), "--key", good.key()))
                    .isEqualTo("hi 200");
            for (Client refused : List.of(bad, late)) {
                assertThat(curl(proxy, "one.example", "--cert", refused.certificate(), "--key", refused.key()))
                        .doesNotContain("hi");
            }
            assertThat(failures(proxy, "client_certificate")).isEqualTo(withoutOne ? 2 : 3);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"rsa:2048", "rsa:2048 -traditional", "ec", "ec -sec1", "rsa:2048 -encrypted", "ec -encrypted"})
    void loadsKeysOfEveryCommonForm(String form) throws Exception {
        Certificate pair = generated(form);
        try (TestProxy proxy = TestProxy.with()
                .tls(new TlsConfig(List.of(pair)))
                .respond("/", "hi")
                .start()) {
            assertThat(curl(proxy, "one.example")).isEqualTo("hi 200");
        }
    }

    @Test
    void saysWhatIsWrongWithAKey() throws Exception {
        Certificate one = certificate("one", "one.example");
        Certificate two = certificate("two", "two.example");
        Certificate encrypted = generated("ec -encrypted");
        assertRefused(new Certificate(one.certificate(), two.key()), "the key is that of another certificate");
        assertRefused(new Certificate(encrypted.certificate(), encrypted.key()), "expected its password");
        assertRefused(
                new Certificate(encrypted.certificate(), encrypted.key(), Optional.of("wrong-secret")),
                "the password does not open");
        Path truncated = folder.resolve("truncated.key");
        String pem = Files.readString(one.key());
        Files.writeString(truncated, pem.substring(0, 60) + "\n-----END PRIVATE KEY-----\n");
        assertRefused(new Certificate(one.certificate(), truncated), "truncated.key");
    }

    @Test
    void servesAnExpiredCertificateAndTellsWhenItExpired() throws Exception {
        Instant end = Instant.now().minus(Duration.ofDays(1));
        Client expired = write(
                "expired",
                new CertificateBuilder()
                        .subject("CN=one")
                        .addSanDnsName("one.example")
                        .notBefore(end.minus(Duration.ofDays(9)))
                        .notAfter(end)
                        .setIsCertificateAuthority(true)
                        .buildSelfSigned());
        try (TestProxy proxy = TestProxy.with()
                .tls(new TlsConfig(List.of(new Certificate(Path.of(expired.certificate()), Path.of(expired.key())))))
                .respond("/", "hi")
                .start()) {
            assertThat(curl(proxy, "one.example")).isEqualTo("hi 200");
            assertThat(proxy.metric(
                            "gojinn_tls_certificate_expiry_seconds",
                            "listener",
                            "web",
                            "certificate",
                            expired.certificate()))
                    .isEqualTo((double) end.getEpochSecond());
        }
    }

    @Test
    void refusesOldVersionsAndRenegotiation() throws Exception {
        TlsConfig config = config(UnknownNames.DEFAULT, ClientCertificates.NONE, List.of());
        try (TestProxy proxy = TestProxy.with().tls(config).respond("/", "hi").start()) {
            for (String version : List.of("-tls1", "-tls1_1")) {
                assertThat(openssl(proxy, version, "-cipher", "ALL:@SECLEVEL=0"))
                        .doesNotContain("CN=one");
            }
            assertThat(failures(proxy, "version")).isEqualTo(2);
            assertThat(openssl(proxy, "-tls1_2", "-cipher", "AES128-SHA256:AES128-SHA"))
                    .doesNotContain("CN=one");
            assertThat(failures(proxy, "cipher") + failures(proxy, "malformed")).isEqualTo(1);
            assertThat(run(List.of(
                            "sh", "-c", "(echo R; sleep 1) | openssl s_client -tls1_2 -connect " + address(proxy))))
                    .contains("RENEGOTIATING")
                    .containsIgnoringCase("renegotiation");
            assertThat(curl(proxy, "one.example")).isEqualTo("hi 200");
        }
        try (TestProxy proxy = TestProxy.with()
                .tls(new TlsConfig(
                        List.of(certificate("one", "one.example")),
                        Version.TLS_1_3,
                        UnknownNames.DEFAULT,
                        ClientCertificates.NONE,
                        List.of(),
                        10))
                .respond("/", "hi")
                .start()) {
            assertThat(openssl(proxy, "-tls1_2")).doesNotContain("CN=one");
            assertThat(openssl(proxy, "-tls1_3")).contains("CN=one");
        }
    }

    @Test
    void survivesHostileHandshakes() throws Exception {
        TlsConfig config = config(UnknownNames.DEFAULT, ClientCertificates.NONE, List.of());
        try (TestProxy proxy = TestProxy.with()
                .limits(new ListenerLimits(100, 4096, 20, Duration.ofMillis(300), Duration.ofSeconds(10)))
                .tls(config)
                .respond("/", "hi")
                .start()) {
            byte[] hello = clientHello();
            List<byte[]> attacks = new ArrayList<>(List.of(
                    "GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
                    HexFormat.of().parseHex("1603010000"),
                    HexFormat.of().parseHex("16030100040100ffff"),
                    HexFormat.of().parseHex("160301000401ffffff"),
                    HexFormat.of().parseHex("15030100020100"),
                    HexFormat.of().parseHex("140301000101"),
                    HexFormat.of().parseHex("80460103010030000000100000000000"),
                    new byte[64 << 10]));
            for (int length = 1; length < hello.length; length += 7) {
                attacks.add(Arrays.copyOf(hello, length));
            }
            for (int at = 0; at < hello.length; at += 5) {
                byte[] flipped = hello.clone();
                flipped[at] ^= (byte) 0xff;
                attacks.add(flipped);
            }
            // A giant one, in as many records as its length asks for.
            byte[] giant = new byte[40 << 10];
            System.arraycopy(HexFormat.of().parseHex("16030140000100a000"), 0, giant, 0, 9);
            attacks.add(giant);
            List<RawClient> clients = new ArrayList<>();
            for (byte[] attack : attacks) {
                RawClient client = proxy.connect();
                clients.add(client);
                try {
                    client.send(attack);
                } catch (UncheckedIOException refusedEarly) {
                    // What was wanted.
                }
                if (clients.size() == 50) {
                    clients.forEach(TlsPolicyTest::awaitEnd);
                    clients.clear();
                }
            }
            clients.forEach(TlsPolicyTest::awaitEnd);
            assertThat(curl(proxy, "one.example")).isEqualTo("hi 200");
            assertThat(failures(proxy, "too_large")).isGreaterThanOrEqualTo(1);
            assertThat(failures(proxy, "timeout")).isGreaterThanOrEqualTo(1);
        }
    }

    @Test
    void boundsTheHandshakesThatGoOnAtOnce() throws Exception {
        TlsConfig config = new TlsConfig(
                List.of(certificate("one", "one.example")),
                Version.TLS_1_2,
                UnknownNames.DEFAULT,
                ClientCertificates.NONE,
                List.of(),
                2);
        try (TestProxy proxy = TestProxy.with().tls(config).respond("/", "hi").start()) {
            try (RawClient first = proxy.connect();
                    RawClient second = proxy.connect()) {
                first.send(new byte[] {22});
                second.send(new byte[] {22});
                while (proxy.metric("gojinn_open_connections", "listener", "web") < 2) {
                    Thread.onSpinWait();
                }
                try (RawClient third = proxy.connect()) {
                    assertThat(third.isClosedByPeer()).isTrue();
                }
                assertThat(proxy.metric("gojinn_rejected_connections_total", "listener", "web", "reason", "handshakes"))
                        .isEqualTo(1);
            }
            while (proxy.metric("gojinn_open_connections", "listener", "web") > 0) {
                Thread.onSpinWait();
            }
            assertThat(curl(proxy, "one.example")).isEqualTo("hi 200");
        }
    }

    private static void awaitEnd(RawClient client) {
        try (client) {
            while (!client.isClosedByPeer()) {
                // an alert
            }
        }
    }

    private static double failures(TestProxy proxy, String reason) {
        return proxy.metric("gojinn_tls_failures_total", "listener", "web", "reason", reason);
    }

    private static void assertRefused(Certificate certificate, String message) {
        assertThatThrownBy(() -> TestProxy.with()
                        .tls(new TlsConfig(List.of(certificate)))
                        .respond("/", "")
                        .start())
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessageContaining("listener web")
                .hasMessageContaining(message)
                .hasMessageNotContaining("secret");
    }

    // Certificates.

    private record Client(String certificate, String key) {}

    private TlsConfig config(UnknownNames unknown, ClientCertificates policy, List<Path> authorities) throws Exception {
        return new TlsConfig(
                List.of(certificate("one", "one.example")), Version.TLS_1_2, unknown, policy, authorities, 1_000);
    }

    private Certificate certificate(String commonName, String... names) throws Exception {
        CertificateBuilder builder = new CertificateBuilder()
                .algorithm(Algorithm.ecp256)
                .subject("CN=" + commonName)
                .setIsCertificateAuthority(true);
        for (String name : names) {
            builder.addSanDnsName(name);
        }
        Client written = write(commonName, builder.buildSelfSigned());
        return new Certificate(Path.of(written.certificate()), Path.of(written.key()));
    }

    private static X509Bundle authority() throws Exception {
        return new CertificateBuilder()
                .algorithm(Algorithm.ecp256)
                .subject("CN=authority")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
    }

    private Client client(X509Bundle authority, String subject) throws Exception {
        return write(
                "client" + subject.hashCode(),
                new CertificateBuilder()
                        .algorithm(Algorithm.ecp256)
                        .subject(subject)
                        .buildIssuedBy(authority));
    }

    private Client write(String name, X509Bundle bundle) throws IOException {
        Path certificate = Files.writeString(folder.resolve(name + ".pem"), bundle.getCertificatePathPEM());
        Path key = Files.writeString(folder.resolve(name + ".key"), bundle.getPrivateKeyPEM());
        return new Client(certificate.toString(), key.toString());
    }

    private Path pem(X509Bundle authority) throws IOException {
        return Files.writeString(folder.resolve("authority.pem"), authority.getCertificatePEM());
    }

    /** A pair made by the command of OpenSSL, its key in one of the forms that it writes. */
    private Certificate generated(String form) throws Exception {
        return generated(form, "one", "one.example");
    }

    private Certificate generated(String form, String commonName, String name) throws Exception {
        String kind = form.substring(0, form.indexOf(" ") < 0 ? form.length() : form.indexOf(" "));
        Path certificate = folder.resolve("generated.pem");
        Path key = folder.resolve("generated.key");
        Path other = folder.resolve("other.key");
        List<String> command = new ArrayList<>(List.of(
                "openssl",
                "req",
                "-x509",
                "-nodes",
                "-subj",
                "/CN=" + commonName,
                "-addext",
                "subjectAltName=DNS:" + name,
                "-days",
                "2",
                "-keyout",
                key.toString(),
                "-out",
                certificate.toString(),
                "-newkey",
                kind));
        if (kind.equals("ec")) {
            command.addAll(List.of("-pkeyopt", "ec_paramgen_curve:P-256"));
        }
        run(command);
        if (form.contains("-traditional")) {
            run(List.of("openssl", "rsa", "-traditional", "-in", key.toString(), "-out", other.toString()));
            assertThat(Files.readString(other)).contains("BEGIN RSA PRIVATE KEY");
            return new Certificate(certificate, other);
        }
        if (form.contains("-sec1")) {
            run(List.of("openssl", "ec", "-in", key.toString(), "-out", other.toString()));
            assertThat(Files.readString(other)).contains("BEGIN EC PRIVATE KEY");
            return new Certificate(certificate, other);
        }
        if (form.contains("-encrypted")) {
            run(List.of(
                    "openssl",
                    "pkcs8",
                    "-topk8",
                    "-v2",
                    "aes256",
                    "-passout",
                    "pass:secret",
                    "-in",
                    key.toString(),
                    "-out",
                    other.toString()));
            assertThat(Files.readString(other)).contains("BEGIN ENCRYPTED PRIVATE KEY");
            return new Certificate(certificate, other, Optional.of("secret"));
        }
        return new Certificate(certificate, key);
    }

    // Clients.

    private static String[] add(String[] options, String... more) {
        String[] all = Arrays.copyOf(options, options.length + more.length);
        System.arraycopy(more, 0, all, options.length, more.length);
        return all;
    }

    private static String address(TestProxy proxy) {
        return "127.0.0.1:" + proxy.server().address("web").getPort();
    }

    private String curl(TestProxy proxy, String host, String... options) throws Exception {
        String port = String.valueOf(proxy.server().address("web").getPort());
        List<String> command = new ArrayList<>(List.of(
                "curl",
                "-sSk",
                "--max-time",
                "20",
                "-w",
                " %{http_code}",
                "--resolve",
                host + ":" + port + ":127.0.0.1"));
        command.addAll(List.of(options));
        command.add("https://" + host + ":" + port + "/");
        return run(command);
    }

    private String openssl(TestProxy proxy, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-connect", address(proxy)));
        command.addAll(List.of(options));
        return run(command);
    }

    /** Sends a request and reads its answer, so that tickets, which come with it, are read too. */
    private String request(TestProxy proxy, String host, String[] options, String... more) throws Exception {
        Path input = Files.writeString(
                folder.resolve("input"), "GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
        List<String> command = new ArrayList<>(
                List.of("openssl", "s_client", "-ign_eof", "-connect", address(proxy), "-servername", host));
        command.addAll(List.of(options));
        command.addAll(List.of(more));
        return run(command, input);
    }

    private String run(List<String> command) throws Exception {
        return run(command, Path.of("/dev/null"));
    }

    private String run(List<String> command, Path input) throws Exception {
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(input.toFile())
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        return Files.readString(output, StandardCharsets.UTF_8).replace("CN = ", "CN=");
    }

    /** A ClientHello as OpenSSL sends it. */
    private byte[] clientHello() throws Exception {
        try (ServerSocket server = new ServerSocket(0)) {
            Process client = new ProcessBuilder(
                            "openssl",
                            "s_client",
                            "-servername",
                            "one.example",
                            "-connect",
                            "127.0.0.1:" + server.getLocalPort())
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("hello").toFile())
                    .start();
            try (Socket socket = server.accept()) {
                byte[] header = socket.getInputStream().readNBytes(5);
                int length = (header[3] & 0xff) << 8 | (header[4] & 0xff);
                byte[] body = socket.getInputStream().readNBytes(length);
                byte[] hello = Arrays.copyOf(header, 5 + length);
                System.arraycopy(body, 0, hello, 5, length);
                return hello;
            } finally {
                client.destroyForcibly().waitFor();
            }
        }
    }
}
