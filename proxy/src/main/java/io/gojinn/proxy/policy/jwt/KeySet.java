package io.gojinn.proxy.policy.jwt;

import io.gojinn.proxy.middleware.JwtRules.Algorithm;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.List;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Keys by their names (RFC 7517, 5). Immutable. Keys that are of no use here are left out: other types and curves, weak ones, those
 * for encryption.
 */
public final class KeySet {
    /** The fewest bytes of a shared secret (RFC 7518, 3.2). */
    public static final int MIN_SECRET_BYTES = 32;

    private static final int MIN_RSA_BITS = 2048;
    private static final int MAX_RSA_BITS = 8192;
    private static final int MAX_KEYS = 64;

    private final List<VerificationKey> keys;

    private KeySet(List<VerificationKey> keys) {
        this.keys = List.copyOf(keys);
    }

    /** One key without a name, for HS256. */
    static KeySet shared(String secret) {
        return new KeySet(List.of(new VerificationKey(
                null, Algorithm.HS256, new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"))));
    }

    /**
     * Reads a set.
     *
     * @throws IllegalArgumentException when it is none, has too many keys, or none of use; says which
     */
    public static KeySet parse(byte[] json) {
        JsonNode set = Json.object(json);
        JsonNode list = set == null ? null : set.get("keys");
        if (list == null || !list.isArray()) {
            throw new IllegalArgumentException("no JSON object with an array \"keys\" (RFC 7517, 5)");
        }
        if (list.size() > MAX_KEYS) {
            throw new IllegalArgumentException(list.size() + " keys, expected at most " + MAX_KEYS);
        }
        List<VerificationKey> keys = new ArrayList<>();
        for (JsonNode jwk : list) {
            VerificationKey key = jwk.isObject() ? key(jwk) : null;
            if (key != null) {
                keys.add(key);
            }
        }
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("no key for RS256, ES256, EdDSA or HS256");
        }
        return new KeySet(keys);
    }

    private static @Nullable VerificationKey key(JsonNode jwk) {
        String type = Json.text(jwk, "kty");
        if (type == null || (jwk.has("use") && !"sig".equals(Json.text(jwk, "use")))) {
            return null;
        }
        try {
            VerificationKey key = switch (type) {
                case "RSA" -> new VerificationKey(Json.text(jwk, "kid"), Algorithm.RS256, rsa(jwk));
                case "EC" -> new VerificationKey(Json.text(jwk, "kid"), Algorithm.ES256, p256(jwk));
                case "OKP" -> new VerificationKey(Json.text(jwk, "kid"), Algorithm.EDDSA, ed25519(jwk));
                case "oct" -> new VerificationKey(Json.text(jwk, "kid"), Algorithm.HS256, secret(jwk));
                default -> null;
            };
            boolean other =
                    key != null && jwk.has("alg") && !key.algorithm().id().equals(Json.text(jwk, "alg"));
            return other ? null : key;
        } catch (GeneralSecurityException | IllegalArgumentException unusable) {
            return null;
        }
    }

    private static PublicKey rsa(JsonNode jwk) throws GeneralSecurityException {
        RSAPublicKey key = (RSAPublicKey)
                KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(number(jwk, "n"), number(jwk, "e")));
        int bits = key.getModulus().bitLength();
        if (bits < MIN_RSA_BITS
                || bits > MAX_RSA_BITS
                || key.getPublicExponent().bitLength() > 64) {
            throw new IllegalArgumentException("an RSA key of " + bits + " bits");
        }
        return key;
    }

    private static PublicKey p256(JsonNode jwk) throws GeneralSecurityException {
        if (!"P-256".equals(Json.text(jwk, "crv"))) {
            throw new IllegalArgumentException("another curve");
        }
        AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
        parameters.init(new ECGenParameterSpec("secp256r1"));
        ECParameterSpec curve = parameters.getParameterSpec(ECParameterSpec.class);
        BigInteger x = number(jwk, "x");
        BigInteger y = number(jwk, "y");
        BigInteger p = ((ECFieldFp) curve.getCurve().getField()).getP();
        boolean onCurve = x.compareTo(p) < 0
                && y.compareTo(p) < 0
                && y.multiply(y)
                                .subtract(x.pow(3)
                                        .add(curve.getCurve().getA().multiply(x))
                                        .add(curve.getCurve().getB()))
                                .mod(p)
                                .signum()
                        == 0;
        if (!onCurve) {
            throw new IllegalArgumentException("a point that is not on the curve");
        }
        return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(new ECPoint(x, y), curve));
    }

    // RFC 8032, 5.1.2: little-endian, the highest bit tells whether x is odd.
    private static PublicKey ed25519(JsonNode jwk) throws GeneralSecurityException {
        byte[] point = bytes(jwk, "x");
        if (!"Ed25519".equals(Json.text(jwk, "crv")) || point.length != 32) {
            throw new IllegalArgumentException("another curve");
        }
        byte[] y = new byte[32];
        for (int i = 0; i < y.length; i++) {
            y[i] = point[31 - i];
        }
        boolean xOdd = (y[0] & 0x80) != 0;
        y[0] &= 0x7f;
        return KeyFactory.getInstance("Ed25519")
                .generatePublic(
                        new EdECPublicKeySpec(NamedParameterSpec.ED25519, new EdECPoint(xOdd, new BigInteger(1, y))));
    }

    private static SecretKeySpec secret(JsonNode jwk) {
        byte[] secret = bytes(jwk, "k");
        if (secret.length < MIN_SECRET_BYTES) {
            throw new IllegalArgumentException("a secret of " + secret.length + " bytes");
        }
        return new SecretKeySpec(secret, "HmacSHA256");
    }

    private static BigInteger number(JsonNode jwk, String name) {
        return new BigInteger(1, bytes(jwk, name));
    }

    private static byte[] bytes(JsonNode jwk, String name) {
        String text = Json.text(jwk, name);
        byte[] bytes = text == null ? null : Json.bytes(text);
        if (bytes == null) {
            throw new IllegalArgumentException("no " + name);
        }
        return bytes;
    }

    /** The keys that may have signed a token: those of its name and algorithm, or of its algorithm when it names none. */
    List<VerificationKey> of(Token token) {
        List<VerificationKey> candidates = new ArrayList<>(1);
        for (VerificationKey key : keys) {
            if (key.algorithm() == token.algorithm()
                    && (token.keyId() == null
                            || key.id() == null
                            || token.keyId().equals(key.id()))) {
                candidates.add(key);
            }
        }
        return candidates;
    }

    /** How many keys there are. */
    int size() {
        return keys.size();
    }

    @Override
    public boolean equals(Object other) {
        return this == other || other instanceof KeySet set && keys.equals(set.keys);
    }

    @Override
    public int hashCode() {
        return keys.hashCode();
    }
}
