package io.gojinn.proxy.listen;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The DNS names that a certificate covers (RFC 6125, 6.4; RFC 9525, 6.3): those among its subject alternative names. The common
 * name does not count, and {@code *} stands for one whole label, the first.
 *
 * @param exact in lower case
 * @param parents what follows the {@code *} of wildcards, from the dot on, in lower case
 */
record CertificateNames(Set<String> exact, Set<String> parents) {
    private static final int DNS_NAME = 2;

    CertificateNames {
        exact = Set.copyOf(exact);
        parents = Set.copyOf(parents);
    }

    static CertificateNames of(X509Certificate certificate) throws CertificateParsingException {
        Set<String> exact = new LinkedHashSet<>();
        Set<String> parents = new LinkedHashSet<>();
        Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
        for (List<?> alternative : alternatives == null ? List.<List<?>>of() : alternatives) {
            if (!(alternative.getFirst() instanceof Integer type) || type != DNS_NAME) {
                continue;
            }
            String name = String.valueOf(alternative.get(1)).toLowerCase(Locale.ROOT);
            if (name.startsWith("*.") && name.indexOf('*', 1) < 0) {
                parents.add(name.substring(1));
            } else if (name.indexOf('*') < 0) {
                exact.add(name);
            }
        }
        return new CertificateNames(exact, parents);
    }

    /** Whether the certificate may speak for a name, in lower case. */
    boolean cover(String name) {
        return exact.contains(name) || parents.contains(parent(name));
    }

    boolean isEmpty() {
        return exact.isEmpty() && parents.isEmpty();
    }

    /** The name without its first label, from the dot on; empty when nothing else is left of it. */
    static String parent(String name) {
        int dot = name.indexOf('.');
        return dot <= 0 ? "" : name.substring(dot);
    }
}
