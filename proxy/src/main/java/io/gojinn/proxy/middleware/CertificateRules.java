package io.gojinn.proxy.middleware;

import java.util.Set;
import javax.security.auth.x500.X500Principal;

/**
 * Lets clients pass by the certificate that their handshake has proved: whoever fits one of the rules.
 *
 * @param subjects distinguished names
 * @param names alternative names: {@code DNS:}, {@code URI:} or {@code email:} before each
 * @param fingerprints SHA-256 of the certificate, lower-case hex
 */
public record CertificateRules(Set<X500Principal> subjects, Set<String> names, Set<String> fingerprints)
        implements MiddlewareKind {
    public CertificateRules {
        subjects = Set.copyOf(subjects);
        names = Set.copyOf(names);
        fingerprints = Set.copyOf(fingerprints);
    }
}
