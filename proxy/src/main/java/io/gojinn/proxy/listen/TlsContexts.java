package io.gojinn.proxy.listen;

import io.gojinn.proxy.http.Authority;
import io.gojinn.proxy.observe.TlsMetrics;
import io.gojinn.proxy.transport.FileDigest;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificates of a listener, by the name a client asks for. Thread-safe.
 *
 * <p>TLS is BoringSSL's; there is no other provider to fall back to. It refuses renegotiation, compression and everything
 * before TLS 1.2, and of TLS 1.2 only suites with forward secrecy and authenticated encryption are offered (RFC 9325, 4.2).
 */
final class TlsContexts {
    /** For how long a key makes tickets; a session can be resumed for as long, and twice that after its key was made. */
    static final Duration TICKET_KEY_LIFE = Duration.ofHours(8);

    private static final Logger LOG = LoggerFactory.getLogger(TlsContexts.class);
    private static final Duration SOON = Duration.ofDays(14);
    // Sessions of TLS 1.2 clients without tickets, each some KiB outside the heap.
    private static final int CACHED_SESSIONS = 2_048;
    private static final List<String> CIPHERS = List.of(
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    private final Key key;
    private final LongSupplier resumed = this::resumed;
    private final List<Identity> identities;
    private final Map<String, Identity> byName = new HashMap<>();
    private final Map<String, Identity> byParent = new HashMap<>();
    private final TlsConfig config;

    /** What makes two of them the same: what was configured, and what the files hold. */
    private record Key(TlsConfig config, Set<Protocol> protocols, String files) {
        static Key of(TlsConfig config, Set<Protocol> protocols) {
            return new Key(config, protocols, FileDigest.of(config.files()));
        }
    }

    private TlsContexts(List<Identity> identities, Key key) {
        this.identities = List.copyOf(identities);
        this.key = key;
        this.config = key.config();
        for (Identity identity : identities) {
            identity.names().exact().forEach(name -> byName.putIfAbsent(name, identity));
            identity.names().parents().forEach(parent -> byParent.putIfAbsent(parent, identity));
        }
    }

    /**
     * Loads the certificates. Blocks.
     *
     * @param before returned when nothing has changed since: its tickets and sessions go on
     * @throws IOException that names the file which cannot be used
     */
    static TlsContexts load(TlsConfig config, Set<Protocol> protocols, @Nullable TlsContexts before)
            throws IOException {
        // Before the files are read: what changes in between is a change next time.
        Key key = Key.of(config, protocols);
        if (before != null && before.key.equals(key)) {
            return before;
        }
        if (!OpenSsl.isAvailable()) {
            throw new IOException("TLS needs BoringSSL, which is not available here", OpenSsl.unavailabilityCause());
        }
        List<X509Certificate> authorities = new ArrayList<>();
        for (Path file : config.clientAuthorities()) {
            authorities.addAll(certificates(file, "client authority"));
        }
        List<Identity> identities = new ArrayList<>();
        for (TlsConfig.Certificate certificate : config.certificates()) {
            identities.add(identity(certificate, config, authorities, protocols));
        }
        return new TlsContexts(identities, key);
    }

    private static Identity identity(
            TlsConfig.Certificate certificate,
            TlsConfig config,
            List<X509Certificate> authorities,
            Set<Protocol> protocols)
            throws IOException {
        List<X509Certificate> chain = certificates(certificate.certificate(), "certificate");
        PrivateKey key = key(certificate);
        try {
            if (!Identity.belongTogether(key, chain.getFirst().getPublicKey())) {
                throw new IOException("certificate " + certificate.certificate() + " with key " + certificate.key()
                        + " cannot be loaded: the key is that of another certificate");
            }
            SslContextBuilder builder = SslContextBuilder.forServer(key, chain)
                    .sslProvider(SslProvider.OPENSSL)
                    .protocols(config.minVersion().andLater())
                    .ciphers(CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
                    .sessionCacheSize(CACHED_SESSIONS)
                    .sessionTimeout(TICKET_KEY_LIFE.toSeconds())
                    .clientAuth(
                            switch (config.clientCertificates()) {
                                case NONE -> ClientAuth.NONE;
                                case REQUEST -> ClientAuth.OPTIONAL;
                                case REQUIRE -> ClientAuth.REQUIRE;
                            })
                    .applicationProtocolConfig(alpn(protocols));
            if (!authorities.isEmpty()) {
                builder.trustManager(authorities);
            }
            Identity identity = new Identity(chain.getFirst(), builder.build());
            warn(certificate.certificate(), chain, identity.names());
            return identity;
        } catch (GeneralSecurityException | SSLException | IllegalArgumentException | IllegalStateException unusable) {
            throw new IOException(
                    "certificate " + certificate.certificate() + " with key " + certificate.key()
                            + " cannot be loaded: " + rootMessage(unusable),
                    unusable);
        }
    }

    private static ApplicationProtocolConfig alpn(Set<Protocol> protocols) {
        return new ApplicationProtocolConfig(
                ApplicationProtocolConfig.Protocol.ALPN,
                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                // In the order of preference, which is the server's.
                Stream.of(Protocol.values())
                        .filter(protocols::contains)
                        .map(Protocol::id)
                        .toList());
    }

    private static List<X509Certificate> certificates(Path file, String role) throws IOException {
        requireReadable(file, role);
        try {
            return Identity.certificates(file);
        } catch (GeneralSecurityException malformed) {
            throw new IOException(role + " " + file + " cannot be loaded: " + rootMessage(malformed), malformed);
        }
    }

    private static PrivateKey key(TlsConfig.Certificate certificate) throws IOException {
        requireReadable(certificate.key(), "key");
        try {
            return PemKey.read(certificate.key(), certificate.keyPassword());
        } catch (GeneralSecurityException malformed) {
            // Not the root: it is a library's, and might quote the file.
            throw new IOException(
                    "key " + certificate.key() + " cannot be loaded: " + malformed.getMessage(), malformed);
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

    // A server with an expired certificate still serves those who do not care, and is better than none.
    private static void warn(Path file, List<X509Certificate> chain, CertificateNames names) {
        Instant now = Instant.now();
        for (X509Certificate certificate : chain) {
            Instant begin = certificate.getNotBefore().toInstant();
            Instant end = certificate.getNotAfter().toInstant();
            if (end.isBefore(now)) {
                LOG.warn("certificate {} expired on {}", file, end);
            } else if (begin.isAfter(now)) {
                LOG.warn("certificate {} is not valid before {}", file, begin);
            } else if (end.isBefore(now.plus(SOON))) {
                LOG.warn("certificate {} expires on {}", file, end);
            }
        }
        for (int i = 1; i < chain.size(); i++) {
            if (!chain.get(i - 1).getIssuerX500Principal().equals(chain.get(i).getSubjectX500Principal())) {
                LOG.warn("certificate {}: number {} of the chain did not issue the one before", file, i + 1);
            }
        }
        if (names.isEmpty()) {
            LOG.warn("certificate {} has no DNS name among its subject alternative names", file);
        }
    }

    /** Tells what there is to be told of the certificates. */
    void show(TlsMetrics metrics) {
        Map<String, Long> expiries = new LinkedHashMap<>();
        for (int i = 0; i < identities.size(); i++) {
            expiries.put(
                    config.certificates().get(i).certificate().toString(),
                    identities.get(i).leaf().getNotAfter().toInstant().getEpochSecond());
        }
        metrics.show(resumed, expiries);
    }

    private long resumed() {
        return identities.stream().mapToLong(Identity::resumed).sum();
    }

    /** How many handshakes may go on at once. */
    int maxHandshakes() {
        return config.handshakes();
    }

    /** New tickets get new keys. */
    void rotateTicketKeys() {
        identities.forEach(Identity::rotateTicketKey);
    }

    /**
     * The identity to be shown to a client.
     *
     * @param name that the client asks for, null when it asks for none
     * @return null when the client is to be refused
     */
    @Nullable
    Identity shownTo(@Nullable String name) {
        Identity named = name == null ? null : named(name.toLowerCase(Locale.ROOT));
        if (named != null) {
            return named;
        }
        return switch (config.unknownNames()) {
            case DEFAULT -> identities.getFirst();
            case REFUSE -> null;
        };
    }

    private @Nullable Identity named(String name) {
        Identity exact = byName.get(name);
        return exact != null ? exact : byParent.get(CertificateNames.parent(name));
    }

    /** The hosts that may be asked for under an identity; null when that makes no difference. */
    @Nullable
    Authority authority(Identity shown) {
        if (identities.size() == 1) {
            return null;
        }
        return host -> {
            Identity owner = named(host);
            return owner == null || owner.equals(shown) || shown.names().cover(host);
        };
    }
}
