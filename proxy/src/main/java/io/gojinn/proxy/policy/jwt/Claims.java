package io.gojinn.proxy.policy.jwt;

import io.gojinn.proxy.failure.Denial;
import io.gojinn.proxy.middleware.JwtRules;
import io.gojinn.proxy.policy.FieldText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a token whose signature is good says, as far as it matters here (RFC 7519, 4.1).
 *
 * @param fields request fields with what they are set to
 * @param expires the second from which it is not taken any more, leeway not counted
 * @param notBefore the second before which it is not taken yet
 */
record Claims(List<Map.Entry<String, String>> fields, double expires, double notBefore) {
    private static final int MAX_FIELD_CHARS = 1024;

    /** What reading has shown. */
    sealed interface Read {
        record Parsed(Claims claims) implements Read {}

        record Refused(Denial denial, String detail) implements Read {}
    }

    static Read read(String encoded, JwtRules rules) {
        byte[] bytes = Json.bytes(encoded);
        JsonNode claims = bytes == null ? null : Json.object(bytes);
        if (claims == null) {
            return new Read.Refused(Denial.TOKEN_MALFORMED, "claims that are no object");
        }
        JsonNode expires = claims.get("exp");
        JsonNode notBefore = claims.get("nbf");
        if (expires == null || !isTime(expires) || (notBefore != null && !isTime(notBefore))) {
            return refused("exp is missing, or a time is no number");
        }
        if (rules.issuer().isPresent() && !rules.issuer().get().equals(Json.text(claims, "iss"))) {
            return refused("iss");
        }
        if (!rules.audiences().isEmpty()
                && strings(claims.get("aud")).stream().noneMatch(rules.audiences()::contains)) {
            return refused("aud");
        }
        List<Map.Entry<String, String>> fields = new ArrayList<>();
        rules.passes().forEach((claim, field) -> {
            String text = text(claims.get(claim));
            if (text != null && text.length() <= MAX_FIELD_CHARS) {
                fields.add(Map.entry(field, text));
            }
        });
        return new Read.Parsed(new Claims(
                fields, expires.doubleValue(), notBefore == null ? Double.NEGATIVE_INFINITY : notBefore.doubleValue()));
    }

    /** Why the token is not taken at this second; null when it is. */
    @Nullable
    Denial at(double second, double leewaySeconds) {
        if (second >= expires + leewaySeconds) {
            return Denial.TOKEN_EXPIRED;
        }
        return second < notBefore - leewaySeconds ? Denial.TOKEN_EARLY : null;
    }

    private static boolean isTime(JsonNode node) {
        return node.isIntegralNumber()
                ? node.canConvertToLong()
                : node.isFloatingPointNumber() && Double.isFinite(node.doubleValue());
    }

    private static Read refused(String detail) {
        return new Read.Refused(Denial.TOKEN_CLAIMS, detail);
    }

    private static List<String> strings(@Nullable JsonNode node) {
        List<String> strings = new ArrayList<>();
        if (node != null && node.isString()) {
            strings.add(node.stringValue());
        } else if (node != null && node.isArray()) {
            for (JsonNode element : node) {
                if (element.isString()) {
                    strings.add(element.stringValue());
                }
            }
        }
        return strings;
    }

    // A string, number or boolean as it is, an array of strings with commas between; nothing else has a form in a
    // field.
    private static @Nullable String text(@Nullable JsonNode node) {
        if (node == null) {
            return null;
        }
        if (node.isArray()) {
            return FieldText.encoded(String.join(",", strings(node)));
        }
        return node.isString() || node.isNumber() || node.isBoolean() ? FieldText.encoded(node.asString()) : null;
    }
}
