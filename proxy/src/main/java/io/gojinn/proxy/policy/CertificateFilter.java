package io.gojinn.proxy.policy;

import io.gojinn.proxy.failure.Denial;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.ClientCertificate;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.middleware.CertificateRules;
import java.util.Collections;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Lets clients pass by the certificate that their handshake has proved. One without any does not pass. Thread-safe. */
public final class CertificateFilter implements Middleware {
    private static final Passage PASSES = new Passage() {};
    private static final Passage REFUSES = new Passage() {
        @Override
        public void request(RequestPhase phase) {
            phase.fail(new Failure.Denied(Denial.CERTIFICATE, ""));
        }
    };

    private final CertificateRules rules;

    /** A middleware that applies these rules. */
    public CertificateFilter(CertificateRules rules) {
        this.rules = rules;
    }

    @Override
    public Passage open(Exchange exchange) {
        return lets(exchange.clientCertificate()) ? PASSES : REFUSES;
    }

    private boolean lets(@Nullable ClientCertificate certificate) {
        return certificate != null
                && (rules.fingerprints().contains(certificate.fingerprint())
                        || (!rules.subjects().isEmpty() && rules.subjects().contains(certificate.principal()))
                        || !Collections.disjoint(rules.names(), certificate.names()));
    }

    /** The form in which names are compared: those of DNS in lower case. */
    public static String comparable(String name) {
        return name.startsWith("DNS:") ? name.toLowerCase(Locale.ROOT).replaceFirst("dns:", "DNS:") : name;
    }
}
