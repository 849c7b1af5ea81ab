package io.gojinn.proxy;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A key that signs tokens, written independently of what checks them. */
record TokenSigner(String kid, String alg, KeyPair keys) {
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    static TokenSigner rs256(String kid) {
        return generated(kid, "RS256", "RSA", 2048);
    }

    static TokenSigner rs256(String kid, int bits) {
        return generated(kid, "RS256", "RSA", bits);
    }

    static TokenSigner edDsa(String kid) {
        return generated(kid, "EdDSA", "Ed25519", 0);
    }

    static TokenSigner es256(String kid) {
        return generated(kid, "ES256", "EC", 0);
    }

    private static TokenSigner generated(String kid, String alg, String type, int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(type);
            if (type.equals("EC")) {
                generator.initialize(new ECGenParameterSpec("secp256r1"));
            } else if (bits > 0) {
                generator.initialize(bits);
            }
            return new TokenSigner(kid, alg, generator.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static String encoded(String json) {
        return BASE64.encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }

    String header() {
        return "{\"alg\":\"" + alg + "\",\"kid\":\"" + kid + "\"}";
    }

    String token(String claims) {
        return token(header(), claims);
    }

    String token(String header, String claims) {
        String signed = encoded(header) + '.' + encoded(claims);
        try {
            Signature signature = Signature.getInstance(
                    switch (alg) {
                        case "RS256" -> "SHA256withRSA";
                        case "ES256" -> "SHA256withECDSAinP1363Format";
                        default -> "Ed25519";
                    });
            signature.initSign(keys.getPrivate());
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signed + '.' + BASE64.encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A token of HS256. */
    static String shared(byte[] secret, String header, String claims) {
        String signed = encoded(header) + '.' + encoded(claims);
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return signed + '.' + BASE64.encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    String jwk() {
        String common = "{\"kid\":\"" + kid + "\",\"use\":\"sig\",\"alg\":\"" + alg + "\",";
        return common
                + switch (keys.getPublic()) {
                    case RSAPublicKey rsa ->
                        "\"kty\":\"RSA\",\"n\":\"" + number(rsa.getModulus(), 0) + "\",\"e\":\""
                                + number(rsa.getPublicExponent(), 0) + "\"}";
                    case ECPublicKey ec ->
                        "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\""
                                + number(ec.getW().getAffineX(), 32) + "\",\"y\":\""
                                + number(ec.getW().getAffineY(), 32) + "\"}";
                    case EdECPublicKey ed -> "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" + point(ed) + "\"}";
                    default -> throw new IllegalStateException(alg);
                };
    }

    // The last 32 bytes of the encoded key are the point (RFC 8410).
    private static String point(EdECPublicKey key) {
        byte[] encoded = key.getEncoded();
        return BASE64.encodeToString(Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length));
    }

    private static String number(BigInteger value, int length) {
        byte[] bytes = value.toByteArray();
        int from = bytes.length > 1 && bytes[0] == 0 ? 1 : 0;
        byte[] unsigned = Arrays.copyOfRange(bytes, from, bytes.length);
        byte[] padded = new byte[Math.max(length, unsigned.length)];
        System.arraycopy(unsigned, 0, padded, padded.length - unsigned.length, unsigned.length);
        return BASE64.encodeToString(padded);
    }

    static String set(TokenSigner... signers) {
        return "{\"keys\":["
                + String.join(",", Arrays.stream(signers).map(TokenSigner::jwk).toList()) + "]}";
    }
}
