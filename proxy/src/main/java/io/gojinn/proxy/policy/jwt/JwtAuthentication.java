package io.gojinn.proxy.policy.jwt;

import io.gojinn.proxy.failure.Denial;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.middleware.JwtRules;
import io.gojinn.proxy.policy.RecentlyUsed;
import io.gojinn.proxy.policy.Workers;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets requests pass that carry a valid token. Thread-safe.
 *
 * <p>A token is checked once, by a worker, and then known by its digest for as long as it and the keys it was checked with are
 * good: the token itself is not kept.
 */
public final class JwtAuthentication implements Middleware {
    private static final int MAX_KNOWN = 10_000;
    private static final String SCHEME = "Bearer ";
    private static final Failure NO_KEYS = new Failure.Denied(
            Denial.TOKEN_KEYS_MISSING, "no keys could be fetched", List.of(Map.entry("Retry-After", "1")));

    private final JwtRules rules;
    private final KeySource keys;
    private final Workers workers;
    private final InstantSource clock;
    private final double leewaySeconds;
    private final MessageDigest sha256;
    private final RecentlyUsed<ByteBuffer, Known> known = new RecentlyUsed<>(MAX_KNOWN);

    /** A token that was verified, with the keys that did it. */
    private record Known(Claims claims, KeySet by) {}

    /**
     * A middleware that takes these tokens.
     *
     * @param workers check signatures
     */
    public JwtAuthentication(JwtRules rules, KeySource keys, Workers workers, InstantSource clock) {
        this.rules = rules;
        this.keys = keys;
        this.workers = workers;
        this.clock = clock;
        this.leewaySeconds = rules.leeway().toNanos() / 1e9;
        try {
            this.sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Override
    public Set<String> ownedFields() {
        return Set.copyOf(rules.passes().values());
    }

    @Override
    public Passage open(Exchange exchange) {
        return new Check(exchange);
    }

    private final class Check implements Passage {
        private final Exchange exchange;

        Check(Exchange exchange) {
            this.exchange = exchange;
        }

        @Override
        public void request(RequestPhase phase) {
            List<String> fields = exchange.request().headers().getAll(HttpHeaderNames.AUTHORIZATION);
            String field = fields.size() == 1 ? fields.getFirst() : "";
            if (!field.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
                refuse(phase, fields.size() > 1 ? Denial.TOKEN_MALFORMED : Denial.TOKEN_MISSING, "");
                return;
            }
            String text = field.substring(SCHEME.length()).strip();
            if (text.length() > Token.MAX_CHARS) {
                refuse(phase, Denial.TOKEN_MALFORMED, "too long");
                return;
            }
            ByteBuffer digest = digest(text);
            Known before = known.get(digest);
            KeySet now = keys.current();
            if (before != null && now != null && before.by().equals(now)) {
                conclude(phase, before.claims());
                return;
            }
            switch (Token.read(text, rules)) {
                case Token.Read.Refused(Denial denial, String detail) -> refuse(phase, denial, detail);
                case Token.Read.Parsed(Token token) -> {
                    if (now == null || now.of(token).isEmpty()) {
                        // Perhaps the keys have been rotated since they were fetched.
                        keys.renew(now, exchange.loop(), () -> verify(phase, token, digest, keys.current()));
                    } else {
                        verify(phase, token, digest, now);
                    }
                }
            }
        }

        private void verify(RequestPhase phase, Token token, ByteBuffer digest, @Nullable KeySet with) {
            if (with == null) {
                phase.fail(NO_KEYS);
                return;
            }
            List<VerificationKey> candidates = with.of(token);
            if (candidates.isEmpty()) {
                refuse(phase, Denial.TOKEN_KEY, "");
                return;
            }
            workers.run(exchange.loop(), phase, () -> read(token, candidates), read -> {
                switch (read) {
                    case Claims.Read.Refused(Denial denial, String detail) -> refuse(phase, denial, detail);
                    case Claims.Read.Parsed(Claims claims) -> {
                        known.put(digest, new Known(claims, with));
                        conclude(phase, claims);
                    }
                }
            });
        }

        private Claims.Read read(Token token, List<VerificationKey> candidates) {
            for (VerificationKey key : candidates) {
                if (key.verifies(token)) {
                    return Claims.read(token.claims(), rules);
                }
            }
            return new Claims.Read.Refused(Denial.TOKEN_SIGNATURE, "");
        }

        private void conclude(RequestPhase phase, Claims claims) {
            Denial denial = claims.at(clock.millis() / 1e3, leewaySeconds);
            if (denial != null) {
                refuse(phase, denial, "");
                return;
            }
            for (Map.Entry<String, String> field : claims.fields()) {
                exchange.request().headers().set(field.getKey(), field.getValue());
            }
            phase.proceed();
        }

        private void refuse(RequestPhase phase, Denial denial, String detail) {
            // RFC 6750, 3.1: who has not tried to prove anything is told no error.
            String challenge = denial == Denial.TOKEN_MISSING
                    ? "Bearer"
                    : "Bearer error=\"invalid_token\", error_description=\"" + denial.label() + '"';
            phase.fail(new Failure.Denied(denial, detail, List.of(Map.entry("WWW-Authenticate", challenge))));
        }
    }

    private ByteBuffer digest(String text) {
        try {
            // A copy: nobody else uses it, and no provider is looked up.
            return ByteBuffer.wrap(((MessageDigest) sha256.clone()).digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (CloneNotSupportedException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
