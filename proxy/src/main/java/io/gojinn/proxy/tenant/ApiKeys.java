package io.gojinn.proxy.tenant;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Tenants by their API keys. Thread-safe. Keys themselves are not kept: what is compared are their digests under a secret of
 * this process, so that the time a look-up takes says nothing of a key (HMAC, RFC 2104).
 */
final class ApiKeys<T> {
    private static final String ALGORITHM = "HmacSHA256";
    private static final int LONGEST_KEY = 1024;

    private final SecretKeySpec secret;
    private final Map<ByteBuffer, T> byDigest = new HashMap<>();

    ApiKeys(Map<String, T> byKey) {
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        secret = new SecretKeySpec(random, ALGORITHM);
        byKey.forEach((key, value) -> byDigest.put(digest(key), value));
    }

    @Nullable
    T find(String key) {
        return key.length() > LONGEST_KEY ? null : byDigest.get(digest(key));
    }

    private ByteBuffer digest(String key) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(secret);
            return ByteBuffer.wrap(mac.doFinal(key.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
