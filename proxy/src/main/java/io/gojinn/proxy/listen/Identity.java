package io.gojinn.proxy.listen;

import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a listener can show itself as: a certificate with the TLS context made of it. Sessions are resumed only under the
 * certificate they began with, because each identity has ticket keys of its own. Thread-safe.
 */
final class Identity {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final X509Certificate leaf;
    private final CertificateNames names;
    private final SslContext context;
    private final OpenSslSessionContext sessions;
    private @Nullable OpenSslSessionTicketKey newest;

    Identity(X509Certificate leaf, SslContext context) throws GeneralSecurityException {
        this.leaf = leaf;
        this.names = CertificateNames.of(leaf);
        this.context = context;
        this.sessions = (OpenSslSessionContext) context.sessionContext();
        rotateTicketKey();
    }

    X509Certificate leaf() {
        return leaf;
    }

    CertificateNames names() {
        return names;
    }

    SslContext context() {
        return context;
    }

    /** New tickets get a new key; those of the key before are still taken, older ones are not. */
    synchronized void rotateTicketKey() {
        OpenSslSessionTicketKey before = newest;
        newest = new OpenSslSessionTicketKey(
                random(OpenSslSessionTicketKey.NAME_SIZE),
                random(OpenSslSessionTicketKey.HMAC_KEY_SIZE),
                random(OpenSslSessionTicketKey.AES_KEY_SIZE));
        if (before == null) {
            sessions.setTicketKeys(newest);
        } else {
            sessions.setTicketKeys(newest, before);
        }
    }

    /** How many sessions were resumed by a ticket. */
    long resumed() {
        return sessions.stats().ticketKeyResume() + sessions.stats().ticketKeyRenew();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        RANDOM.nextBytes(bytes);
        return bytes;
    }

    /** Reads certificates in PEM or DER. */
    static List<X509Certificate> certificates(Path file) throws IOException, CertificateException {
        try (InputStream in = Files.newInputStream(file)) {
            Collection<? extends Certificate> read =
                    CertificateFactory.getInstance("X.509").generateCertificates(in);
            List<X509Certificate> certificates = new ArrayList<>();
            read.forEach(certificate -> certificates.add((X509Certificate) certificate));
            if (certificates.isEmpty()) {
                throw new CertificateException("no certificate");
            }
            return certificates;
        }
    }

    /** Whether a key is that of a certificate, told by a signature. */
    static boolean belongTogether(PrivateKey key, PublicKey certified) throws GeneralSecurityException {
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> "EdDSA";
        };
        try {
            Signature signature = Signature.getInstance(algorithm);
            byte[] text = random(32);
            signature.initSign(key);
            signature.update(text);
            byte[] signed = signature.sign();
            signature.initVerify(certified);
            signature.update(text);
            return signature.verify(signed);
        } catch (InvalidKeyException | SignatureException ofOtherKinds) {
            return false;
        }
    }
}
