package io.gojinn.proxy.policy;

import io.gojinn.proxy.failure.Denial;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.middleware.PasswordRules;
import io.gojinn.proxy.middleware.Secret;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.springframework.security.crypto.bcrypt.BCrypt;

/**
 * Lets requests pass that carry the name and the password of a user. Thread-safe.
 *
 * <p>A hash costs some hundred milliseconds of a processor, which is its purpose: a worker takes it, and what was right is known for
 * a while by a keyed digest. Neither the password nor anything that it could be guessed from without the key is kept. An unknown name
 * costs what a wrong password does.
 */
public final class PasswordAuthentication implements Middleware {
    private static final int MAX_KNOWN = 4096;
    private static final long KNOWN_NANOS = Duration.ofMinutes(5).toNanos();
    private static final String SCHEME = "Basic ";
    private static final int MAX_CHARS = 1024;
    // bcrypt looks at no more.
    private static final int MAX_PASSWORD_BYTES = 72;

    private final PasswordRules rules;
    private final Workers workers;
    private final String challenge;
    private final String strangersHash;
    private final Mac keyed;
    private final RecentlyUsed<ByteBuffer, Known> known = new RecentlyUsed<>(MAX_KNOWN);

    private record Known(String user, long untilNanos) {}

    private record Credentials(String user, String password) {}

    /** A middleware that knows these users. */
    public PasswordAuthentication(PasswordRules rules, Workers workers) {
        this.rules = rules;
        this.workers = workers;
        this.challenge = "Basic realm=\"" + rules.realm() + "\", charset=\"UTF-8\"";
        // Of no password that anybody knows, and as costly as the costliest.
        this.strangersHash = rules.users().values().stream()
                .map(Secret::text)
                .max(Comparator.comparing(hash -> hash.substring(4, 6)))
                .orElseThrow();
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        try {
            this.keyed = Mac.getInstance("HmacSHA256");
            keyed.init(new SecretKeySpec(key, "HmacSHA256"));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Override
    public Set<String> ownedFields() {
        return rules.userField().map(Set::of).orElse(Set.of());
    }

    @Override
    public Passage open(Exchange exchange) {
        return new Passage() {
            @Override
            public void request(RequestPhase phase) {
                check(exchange, phase);
            }
        };
    }

    private void check(Exchange exchange, RequestPhase phase) {
        List<String> fields = exchange.request().headers().getAll(HttpHeaderNames.AUTHORIZATION);
        String field = fields.size() == 1 ? fields.getFirst() : "";
        if (field.length() > MAX_CHARS || !field.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            refuse(phase, Denial.PASSWORD_MISSING);
            return;
        }
        Credentials credentials = credentials(field.substring(SCHEME.length()).strip());
        if (credentials == null) {
            refuse(phase, Denial.PASSWORD);
            return;
        }
        ByteBuffer digest = digest(credentials);
        Known before = known.get(digest);
        if (before != null && before.untilNanos() - System.nanoTime() > 0) {
            pass(exchange, phase, before.user());
            return;
        }
        workers.run(exchange.loop(), phase, () -> isRight(credentials), right -> {
            if (right) {
                known.put(digest, new Known(credentials.user(), System.nanoTime() + KNOWN_NANOS));
                pass(exchange, phase, credentials.user());
            } else {
                refuse(phase, Denial.PASSWORD);
            }
        });
    }

    private void pass(Exchange exchange, RequestPhase phase, String user) {
        rules.userField().ifPresent(name -> exchange.request().headers().set(name, FieldText.encoded(user)));
        phase.proceed();
    }

    private boolean isRight(Credentials credentials) {
        Secret hash = rules.users().get(credentials.user());
        boolean right = BCrypt.checkpw(credentials.password(), hash == null ? strangersHash : hash.text());
        return right && hash != null;
    }

    private void refuse(RequestPhase phase, Denial denial) {
        phase.fail(new Failure.Denied(denial, "", List.of(Map.entry("WWW-Authenticate", challenge))));
    }

    // RFC 7617, 2: a name holds no colon.
    private static @Nullable Credentials credentials(String encoded) {
        try {
            String text = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
            int colon = text.indexOf(':');
            String password = text.substring(colon + 1);
            boolean usable = colon > 0
                    && password.indexOf('\0') < 0
                    && password.getBytes(StandardCharsets.UTF_8).length <= MAX_PASSWORD_BYTES;
            return usable ? new Credentials(text.substring(0, colon), password) : null;
        } catch (IllegalArgumentException malformed) {
            return null;
        }
    }

    private ByteBuffer digest(Credentials credentials) {
        try {
            // A copy: nobody else uses it, and no provider is looked up.
            Mac mac = (Mac) keyed.clone();
            mac.update(credentials.user().getBytes(StandardCharsets.UTF_8));
            mac.update((byte) ':');
            return ByteBuffer.wrap(mac.doFinal(credentials.password().getBytes(StandardCharsets.UTF_8)));
        } catch (CloneNotSupportedException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
