package io.gojinn.proxy.listen;

import java.nio.file.Path;
import java.util.List;

/**
 * TLS of a listener.
 *
 * @param certificates at least one; several are chosen by the client's SNI, the first is the default
 */
public record TlsConfig(List<Certificate> certificates) {
    public TlsConfig {
        certificates = List.copyOf(certificates);
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException("certificates is empty, expected at least one");
        }
    }

    /**
     * A certificate chain with its key.
     *
     * @param certificate PEM, the leaf first
     * @param key PEM, PKCS #8, unencrypted
     */
    public record Certificate(Path certificate, Path key) {}
}
