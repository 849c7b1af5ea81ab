package io.gojinn.proxy.policy.jwt;

import io.gojinn.proxy.middleware.JwtRules.Algorithm;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/**
 * A key that signatures of one algorithm are checked with: what a token says of its algorithm chooses among keys, and never what
 * a key is used for.
 *
 * @param id null for one without a name
 */
record VerificationKey(@Nullable String id, Algorithm algorithm, Key key) {
    /** Whether this key has signed the token. Costs up to some hundred microseconds. */
    boolean verifies(Token token) {
        byte[] signed = token.signed().getBytes(StandardCharsets.US_ASCII);
        byte[] signature = Json.bytes(token.signature());
        if (signature == null) {
            return false;
        }
        try {
            return switch (algorithm) {
                case RS256 -> verifies("SHA256withRSA", signed, signature);
                // RFC 7518, 3.4: two numbers of 32 bytes, not a structure of ASN.1.
                case ES256 -> signature.length == 64 && verifies("SHA256withECDSAinP1363Format", signed, signature);
                case EDDSA -> verifies("Ed25519", signed, signature);
                case HS256 -> {
                    Mac mac = Mac.getInstance("HmacSHA256");
                    mac.init(key);
                    yield MessageDigest.isEqual(mac.doFinal(signed), signature);
                }
            };
        } catch (SignatureException malformed) {
            return false;
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private boolean verifies(String name, byte[] signed, byte[] signature) throws GeneralSecurityException {
        Signature verifier = Signature.getInstance(name);
        verifier.initVerify((PublicKey) key);
        verifier.update(signed);
        return verifier.verify(signature);
    }

    @Override
    public String toString() {
        return "VerificationKey[" + id + ", " + algorithm + "]";
    }
}
