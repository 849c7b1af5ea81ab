package io.gojinn.proxy.upstream;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The TLS of an upstream as its connections share it: whom it trusts, who it is, what it speaks. */
final class TargetTls {
    private static final Logger LOG = LoggerFactory.getLogger(TargetTls.class);

    private TargetTls() {}

    /**
     * Loads the certificates of an upstream.
     *
     * @return nothing when no target speaks TLS
     * @throws IOException that names the upstream and the file which cannot be used
     */
    static Optional<SslContext> load(UpstreamConfig upstream) throws IOException {
        if (!upstream.speaksTls()) {
            return Optional.empty();
        }
        try {
            return Optional.of(context(upstream.name(), upstream.wire()));
        } catch (IOException unusable) {
            throw new IOException("upstream " + upstream.name() + ": " + unusable.getMessage(), unusable);
        }
    }

    private static SslContext context(String upstream, WireConfig wire) throws IOException {
        WireConfig.Tls tls = wire.tls();
        SslContextBuilder builder = SslContextBuilder.forClient()
                .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
                .protocols("TLSv1.3", "TLSv1.2")
                .endpointIdentificationAlgorithm(tls.insecureSkipVerify() ? null : "HTTPS")
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        offered(wire.protocol())));
        if (tls.insecureSkipVerify()) {
            LOG.warn("upstream {}: the certificates of its targets are not verified", upstream);
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
        } else if (!tls.authorities().isEmpty()) {
            builder.trustManager(certificates(tls.authorities()));
        }
        Optional<WireConfig.Identity> identity = tls.identity();
        try {
            if (identity.isPresent()) {
                requireReadable(identity.get().certificate(), "certificate");
                requireReadable(identity.get().key(), "key");
                builder.keyManager(
                        identity.get().certificate().toFile(),
                        identity.get().key().toFile());
            }
            return builder.build();
        } catch (IOException | IllegalArgumentException | IllegalStateException unusable) {
            throw new IOException(
                    identity.map(pair -> "certificate " + pair.certificate() + " with key " + pair.key())
                                    .orElse("TLS") + " cannot be loaded: " + rootMessage(unusable),
                    unusable);
        }
    }

    private static List<String> offered(WireConfig.Protocol protocol) {
        return switch (protocol) {
            case AUTO -> List.of(ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1);
            case HTTP_1_1 -> List.of(ApplicationProtocolNames.HTTP_1_1);
            case H2 -> List.of(ApplicationProtocolNames.HTTP_2);
        };
    }

    private static X509Certificate[] certificates(List<Path> files) throws IOException {
        List<X509Certificate> all = new ArrayList<>();
        for (Path file : files) {
            requireReadable(file, "ca");
            try (InputStream in = Files.newInputStream(file)) {
                Collection<? extends Certificate> read =
                        CertificateFactory.getInstance("X.509").generateCertificates(in);
                if (read.isEmpty()) {
                    throw new IOException("ca " + file + " cannot be loaded: no certificate in it");
                }
                read.forEach(certificate -> all.add((X509Certificate) certificate));
            } catch (GeneralSecurityException malformed) {
                throw new IOException("ca " + file + " cannot be loaded: " + rootMessage(malformed), malformed);
            }
        }
        return all.toArray(X509Certificate[]::new);
    }

    private static void requireReadable(Path file, String role) throws IOException {
        if (!Files.isReadable(file)) {
            throw new IOException(role + " " + file + " cannot be loaded: no readable file");
        }
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }
}
