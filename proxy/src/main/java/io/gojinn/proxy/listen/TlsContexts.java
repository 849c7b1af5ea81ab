package io.gojinn.proxy.listen;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The certificates of a listener, by the name a client asks for. Immutable and thread-safe. */
final class TlsContexts {
    private static final Logger LOG = LoggerFactory.getLogger(TlsContexts.class);
    private static final int DNS_NAME = 2;

    private final Map<String, SslContext> byName;
    private final SslContext first;

    private TlsContexts(Map<String, SslContext> byName, SslContext first) {
        this.byName = byName;
        this.first = first;
    }

    /**
     * Loads the certificates.
     *
     * @throws IOException that names the file which cannot be used
     */
    static TlsContexts load(TlsConfig config, Set<Protocol> protocols) throws IOException {
        SslProvider provider = SslProvider.OPENSSL;
        if (!OpenSsl.isAvailable()) {
            provider = SslProvider.JDK;
            LOG.warn("TLS by the JDK, which is slower: OpenSSL is not available", OpenSsl.unavailabilityCause());
        }
        Map<String, SslContext> byName = new HashMap<>();
        SslContext first = null;
        for (TlsConfig.Certificate certificate : config.certificates()) {
            SslContext context = context(certificate, provider, protocols);
            if (first == null) {
                first = context;
            }
            for (String name : names(certificate.certificate())) {
                byName.putIfAbsent(name, context);
            }
        }
        if (first == null) {
            throw new IOException("no certificate");
        }
        return new TlsContexts(Map.copyOf(byName), first);
    }

    private static SslContext context(TlsConfig.Certificate certificate, SslProvider provider, Set<Protocol> protocols)
            throws IOException {
        requireReadable(certificate.certificate(), "certificate");
        requireReadable(certificate.key(), "key");
        try {
            return SslContextBuilder.forServer(
                            certificate.certificate().toFile(),
                            certificate.key().toFile())
                    .sslProvider(provider)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .applicationProtocolConfig(new ApplicationProtocolConfig(
                            ApplicationProtocolConfig.Protocol.ALPN,
                            ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                            ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                            // In the order of preference, which is the server's.
                            Stream.of(Protocol.values())
                                    .filter(protocols::contains)
                                    .map(Protocol::id)
                                    .toList()))
                    .build();
        } catch (IOException | IllegalArgumentException | IllegalStateException unusable) {
            throw new IOException(
                    "certificate " + certificate.certificate() + " with key " + certificate.key()
                            + " cannot be loaded: " + rootMessage(unusable),
                    unusable);
        }
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

    private static List<String> names(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            X509Certificate leaf =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
            Collection<List<?>> alternatives = leaf.getSubjectAlternativeNames();
            if (alternatives == null) {
                return List.of();
            }
            return alternatives.stream()
                    .filter(name -> name.getFirst() instanceof Integer type && type == DNS_NAME)
                    .map(name -> String.valueOf(name.get(1)).toLowerCase(Locale.ROOT))
                    .toList();
        } catch (GeneralSecurityException malformed) {
            throw new IOException("certificate " + file + " cannot be loaded: " + malformed.getMessage(), malformed);
        }
    }

    /** Whether the name a client asks for makes no difference. */
    boolean single() {
        return byName.values().stream().allMatch(first::equals);
    }

    /** The certificate for the case that no name is asked for. */
    SslContext first() {
        return first;
    }

    /** The certificate for a name: the one that holds it, or a wildcard for its first label, or the first. */
    SslContext named(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        SslContext exact = byName.get(lower);
        if (exact != null) {
            return exact;
        }
        int dot = lower.indexOf('.');
        return dot < 0 ? first : byName.getOrDefault("*" + lower.substring(dot), first);
    }
}
