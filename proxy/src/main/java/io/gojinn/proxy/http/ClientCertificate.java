package io.gojinn.proxy.http;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * Who a client has proved to be: the certificate it showed in its handshake, verified.
 *
 * @param leaf as it was shown
 * @param subject the distinguished name (RFC 2253), percent-encoded where it is not printable ASCII
 * @param fingerprint SHA-256 of the certificate, lower-case hex
 */
public record ClientCertificate(X509Certificate leaf, String subject, String fingerprint) {
    static final AsciiString SUBJECT = AsciiString.cached("x-client-certificate-subject");
    static final AsciiString FINGERPRINT = AsciiString.cached("x-client-certificate-fingerprint");

    // What others call the same: RFC 9440 asks whoever ends TLS to remove it.
    private static final List<AsciiString> FOREIGN = List.of(
            AsciiString.cached("client-cert"),
            AsciiString.cached("client-cert-chain"),
            AsciiString.cached("x-forwarded-client-cert"));
    private static final int MAX_SUBJECT_CHARS = 1_024;

    static ClientCertificate of(X509Certificate certificate) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return new ClientCertificate(
                    certificate,
                    printable(certificate.getSubjectX500Principal().getName()),
                    HexFormat.of().formatHex(digest));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The distinguished name, to be compared. */
    public X500Principal principal() {
        return leaf.getSubjectX500Principal();
    }

    /**
     * The alternative names of DNS, URIs and mail, with {@code DNS:}, {@code URI:} or {@code email:} before each, those of DNS in
     * lower case. Empty when they cannot be read.
     */
    public Set<String> names() {
        Set<String> names = new HashSet<>();
        try {
            Collection<List<?>> all = leaf.getSubjectAlternativeNames();
            for (List<?> name : all == null ? List.<List<?>>of() : all) {
                // RFC 5280, 4.2.1.6
                switch ((Integer) name.get(0)) {
                    case 1 -> names.add("email:" + name.get(1));
                    case 2 -> names.add("DNS:" + String.valueOf(name.get(1)).toLowerCase(Locale.ROOT));
                    case 6 -> names.add("URI:" + name.get(1));
                    default -> {}
                }
            }
        } catch (CertificateParsingException unreadable) {
            return Set.of();
        }
        return names;
    }

    /** Makes the fields of a request say what was proved, and nothing else. */
    static void tell(@Nullable ClientCertificate certificate, HttpHeaders headers) {
        for (int i = 0; i < FOREIGN.size(); i++) {
            headers.remove(FOREIGN.get(i));
        }
        if (certificate == null) {
            headers.remove(SUBJECT).remove(FINGERPRINT);
        } else {
            headers.set(SUBJECT, certificate.subject).set(FINGERPRINT, certificate.fingerprint);
        }
    }

    /** Whether a field tells of a certificate, here or elsewhere. */
    static boolean is(CharSequence name) {
        if (SUBJECT.contentEqualsIgnoreCase(name) || FINGERPRINT.contentEqualsIgnoreCase(name)) {
            return true;
        }
        for (int i = 0; i < FOREIGN.size(); i++) {
            if (FOREIGN.get(i).contentEqualsIgnoreCase(name)) {
                return true;
            }
        }
        return false;
    }

    private static String printable(String name) {
        StringBuilder text = new StringBuilder(name.length());
        for (byte octet : name.getBytes(StandardCharsets.UTF_8)) {
            if (octet >= ' ' && octet < 0x7f && octet != '%') {
                text.append((char) octet);
            } else {
                text.append('%').append(HexFormat.of().withUpperCase().toHexDigits(octet));
            }
            if (text.length() >= MAX_SUBJECT_CHARS) {
                break;
            }
        }
        return text.toString().strip();
    }
}
