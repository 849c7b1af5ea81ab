package io.gojinn.proxy.policy.jwt;

import io.gojinn.proxy.failure.Denial;
import io.gojinn.proxy.middleware.JwtRules;
import io.gojinn.proxy.middleware.JwtRules.Algorithm;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A token as it was sent, its header read and nothing of it believed (RFC 7515, 7.1).
 *
 * @param keyId which key it is said to be signed with
 * @param signed header and payload as they were signed
 * @param claims the payload, still encoded
 * @param signature base64url
 */
record Token(Algorithm algorithm, @Nullable String keyId, String signed, String claims, String signature) {
    /** The most characters of a token that is looked at. */
    static final int MAX_CHARS = 8 << 10;

    /** What reading has shown. */
    sealed interface Read {
        record Parsed(Token token) implements Read {}

        record Refused(Denial denial, String detail) implements Read {}
    }

    static Read read(String text, JwtRules rules) {
        int first = text.indexOf('.');
        int second = text.indexOf('.', first + 1);
        if (text.length() > MAX_CHARS || first < 0 || second < 0 || text.indexOf('.', second + 1) >= 0) {
            return malformed("not three parts, or too long");
        }
        byte[] head = Json.bytes(text.substring(0, first));
        JsonNode header = head == null ? null : Json.object(head);
        if (header == null || Json.bytes(text.substring(second + 1)) == null) {
            return malformed("a part that is no base64url, or a header that is no object");
        }
        // RFC 7515, 4.1.11: what is critical must be understood, and nothing of that is here.
        if (header.has("crit")) {
            return malformed("crit");
        }
        JsonNode kid = header.get("kid");
        if (kid != null && !kid.isString()) {
            return malformed("kid is no string");
        }
        Algorithm algorithm = algorithm(Json.text(header, "alg"), rules);
        if (algorithm == null) {
            return new Read.Refused(Denial.TOKEN_ALGORITHM, "");
        }
        return new Read.Parsed(new Token(
                algorithm,
                kid == null ? null : kid.stringValue(),
                text.substring(0, second),
                text.substring(first + 1, second),
                text.substring(second + 1)));
    }

    private static Read malformed(String detail) {
        return new Read.Refused(Denial.TOKEN_MALFORMED, detail);
    }

    private static @Nullable Algorithm algorithm(@Nullable String id, JwtRules rules) {
        for (Algorithm algorithm : rules.algorithms()) {
            if (algorithm.id().equals(id)) {
                return algorithm;
            }
        }
        return null;
    }
}
