package io.gojinn.proxy.listen;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * TLS of a listener.
 *
 * @param certificates at least one; several are chosen by the client's SNI, the first is the default
 * @param minVersion the lowest version that is spoken
 * @param unknownNames what a client gets that asks for a name which no certificate covers, or for none
 * @param clientCertificates whether clients show who they are
 * @param clientAuthorities PEM files of the authorities that certify clients; empty when no client is asked
 * @param handshakes at once; a connection beyond them is closed at accept
 */
public record TlsConfig(
        List<Certificate> certificates,
        Version minVersion,
        UnknownNames unknownNames,
        ClientCertificates clientCertificates,
        List<Path> clientAuthorities,
        int handshakes) {
    /** Handshakes at once where the config does not say. */
    public static final int DEFAULT_HANDSHAKES = 1_000;

    public TlsConfig {
        certificates = List.copyOf(certificates);
        clientAuthorities = List.copyOf(clientAuthorities);
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException("certificates is empty, expected at least one");
        }
        if (clientAuthorities.isEmpty() != (clientCertificates == ClientCertificates.NONE)) {
            throw new IllegalArgumentException(
                    "clientAuthorities is " + clientAuthorities + " with " + clientCertificates);
        }
    }

    /** TLS with these certificates and the defaults. */
    public TlsConfig(List<Certificate> certificates) {
        this(
                certificates,
                Version.TLS_1_2,
                UnknownNames.DEFAULT,
                ClientCertificates.NONE,
                List.of(),
                DEFAULT_HANDSHAKES);
    }

    /** Every file that is loaded. */
    public List<Path> files() {
        List<Path> files = new ArrayList<>(clientAuthorities);
        for (Certificate certificate : certificates) {
            files.add(certificate.certificate());
            files.add(certificate.key());
        }
        return files;
    }

    /** A version of TLS. */
    public enum Version {
        TLS_1_2("1.2"),
        TLS_1_3("1.3");

        private final String id;

        Version(String id) {
            this.id = id;
        }

        /** The number in configs. */
        public String id() {
            return id;
        }

        List<String> andLater() {
            return switch (this) {
                case TLS_1_2 -> List.of("TLSv1.3", "TLSv1.2");
                case TLS_1_3 -> List.of("TLSv1.3");
            };
        }
    }

    /** What is done about a name that no certificate covers. */
    public enum UnknownNames {
        /** The first certificate is shown, which the client will likely not accept. */
        DEFAULT,
        /** The handshake ends with the alert unrecognized_name (RFC 6066, 3). */
        REFUSE
    }

    /** Whether a client shows a certificate. One that is shown must be valid either way. */
    public enum ClientCertificates {
        NONE,
        REQUEST,
        REQUIRE
    }

    /**
     * A certificate chain with its key.
     *
     * @param certificate PEM, the leaf first
     * @param key PEM: PKCS #8, also encrypted, PKCS #1 or SEC 1
     * @param keyPassword of an encrypted key
     */
    public record Certificate(Path certificate, Path key, Optional<String> keyPassword) {
        /** A certificate whose key is not encrypted. */
        public Certificate(Path certificate, Path key) {
            this(certificate, key, Optional.empty());
        }

        /** Without the password. */
        @Override
        public String toString() {
            return "Certificate[" + certificate + ", " + key + ']';
        }
    }
}
