package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.listen.TlsConfig;
import io.gojinn.proxy.listen.TlsConfig.Certificate;
import io.gojinn.proxy.listen.TlsConfig.ClientCertificates;
import io.gojinn.proxy.listen.TlsConfig.UnknownNames;
import io.gojinn.proxy.listen.TlsConfig.Version;
import io.gojinn.proxy.middleware.CertificateRules;
import io.gojinn.proxy.route.RouteAction;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.Algorithm;
import io.netty.pkitesting.X509Bundle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Access by the certificate that a client has proved, seen by curl. */
class CertificateAccessTest {
    @TempDir
    private Path folder;

    private X509Bundle authority;
    private X509Bundle build;
    private X509Bundle other;

    @BeforeEach
    void issue() throws Exception {
        authority = new CertificateBuilder()
                .algorithm(Algorithm.ecp256)
                .subject("CN=authority")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        build = new CertificateBuilder()
                .algorithm(Algorithm.ecp256)
                .subject("CN=build,O=Example")
                .addSanDnsName("Build.Example.com")
                .addSanUriName("spiffe://example.com/build")
                .buildIssuedBy(authority);
        other = new CertificateBuilder()
                .algorithm(Algorithm.ecp256)
                .subject("CN=build.example.com,O=Other")
                .addSanDnsName("build.example.com.evil.example")
                .buildIssuedBy(authority);
    }

    private static CertificateRules subject(String name) {
        return new CertificateRules(Set.of(new X500Principal(name)), Set.of(), Set.of());
    }

    private static CertificateRules named(String name) {
        return new CertificateRules(Set.of(), Set.of(name), Set.of());
    }

    @Test
    void letsPassWhoFitsOneOfTheRules() throws Exception {
        String fingerprint = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256")
                        .digest(build.getCertificate().getEncoded()));
        for (CertificateRules rules : List.of(
                subject("CN=build, O=Example"),
                named("DNS:build.example.com"),
                named("URI:spiffe://example.com/build"),
                new CertificateRules(
                        Set.of(new X500Principal("CN=x")), Set.of("DNS:x"), Set.of("00".repeat(32), fingerprint)))) {
            assertThat(ask(rules, build)).as(rules.toString()).isEqualTo("hi 200");
            assertThat(ask(rules, other)).as(rules.toString()).endsWith(" 403").contains("\"certificate\"");
            assertThat(ask(rules, null)).as(rules.toString()).endsWith(" 403");
        }
    }

    /** A name is no subject, a part is no whole. */
    @Test
    void refusesWhatOnlyLooksAlike() throws Exception {
        for (CertificateRules rules : List.of(
                subject("CN=build"),
                subject("O=Example"),
                subject("O=Example,CN=build"),
                named("DNS:*.example.com"),
                named("DNS:example.com"),
                named("email:build.example.com"),
                named("URI:spiffe://example.com/"),
                new CertificateRules(Set.of(), Set.of(), Set.of()))) {
            assertThat(ask(rules, build)).as(rules.toString()).endsWith(" 403");
        }
    }

    private String ask(CertificateRules rules, @Nullable X509Bundle client) throws Exception {
        Path ca = Files.writeString(folder.resolve("ca.pem"), authority.getCertificatePathPEM());
        Certificate server = TestCertificate.named(folder, "localhost");
        TlsConfig tls = new TlsConfig(
                List.of(server), Version.TLS_1_2, UnknownNames.DEFAULT, ClientCertificates.REQUEST, List.of(ca), 100);
        List<String> command = new ArrayList<>(
                List.of("curl", "-sSk", "--max-time", "20", "-w", " %{http_code}", "-H", "Host: localhost"));
        if (client != null) {
            Path certificate = Files.writeString(folder.resolve("client.pem"), client.getCertificatePathPEM());
            Path key = Files.writeString(folder.resolve("client.key"), client.getPrivateKeyPEM());
            command.addAll(List.of("--cert", certificate.toString(), "--key", key.toString()));
        }
        try (TestProxy proxy = TestProxy.with()
                .tls(tls)
                .middleware("certificate", rules)
                .route("/", List.of("certificate"), new RouteAction.Respond(200, Map.of(), "hi"))
                .start()) {
            command.add("https://localhost:" + proxy.server().address("web").getPort() + "/");
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            return output;
        }
    }
}
