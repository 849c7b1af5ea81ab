package io.gojinn.proxy.sticky;

import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A cookie whose value stands for one of several choices. Thread-safe.
 *
 * <p>Values are authenticators of the names of the choices: they tell nothing of what is behind the proxy, and a client can name
 * only choices that it has been given. One that holds no value known here is one without the cookie.
 */
public final class StickyCookie {
    private static final String ALGORITHM = "HmacSHA256";
    // 128 bits: nobody guesses one, and a cookie is sent with every request.
    private static final int TOKEN_BYTES = 16;
    private static final byte[] SECRET_OF_PROCESS = random(32);

    private final StickyPolicy policy;
    private final String scope;
    private final SecretKeySpec key;

    /**
     * A cookie.
     *
     * @param scope what is chosen among: the same choice has another value in another scope
     */
    public StickyCookie(StickyPolicy policy, String scope) {
        this.policy = policy;
        this.scope = scope;
        this.key = new SecretKeySpec(
                policy.secret()
                        .map(secret -> secret.getBytes(StandardCharsets.UTF_8))
                        .orElse(SECRET_OF_PROCESS),
                ALGORITHM);
    }

    private static byte[] random(int bytes) {
        byte[] random = new byte[bytes];
        new SecureRandom().nextBytes(random);
        return random;
    }

    /** The value that stands for a choice. Takes microseconds: asked for once, not for each request. */
    public String token(String choice) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            // Names hold no line breaks, so that no two pairs run together to the same.
            byte[] full = mac.doFinal((scope + "\n" + choice).getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(full, TOKEN_BYTES));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JDK has " + ALGORITHM, impossible);
        }
    }

    /** The value that a request brings; null when it brings none. */
    public @Nullable CharSequence of(HttpHeaders headers) {
        return Cookies.value(headers, policy.cookie());
    }

    /**
     * A Set-Cookie that makes the client bring this value.
     *
     * @param scheme by which the client asks: one that came by https is not sent in clear text
     */
    public String set(String token, String scheme) {
        StringBuilder field =
                new StringBuilder(policy.cookie()).append('=').append(token).append("; Path=/; HttpOnly; SameSite=Lax");
        policy.maxAge().ifPresent(maxAge -> field.append("; Max-Age=").append(Math.max(1, maxAge.toSeconds())));
        if (scheme.equals("https")) {
            field.append("; Secure");
        }
        return field.toString();
    }
}
