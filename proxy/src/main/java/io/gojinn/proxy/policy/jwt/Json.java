package io.gojinn.proxy.policy.jwt;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON and base64url as tokens and keys have them, read strictly: nothing that two readers could take differently. */
final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}

    /** An object; null for anything else. */
    static @Nullable JsonNode object(byte[] utf8) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
            JsonNode node = MAPPER.readTree(text);
            return node != null && node.isObject() ? node : null;
        } catch (JacksonException | CharacterCodingException malformed) {
            return null;
        }
    }

    /** A member that is a string; null when it is missing or anything else. */
    static @Nullable String text(JsonNode object, String name) {
        JsonNode member = object.get(name);
        return member != null && member.isString() ? member.stringValue() : null;
    }

    /** Bytes from base64url without padding (RFC 7515, 2); null for anything else. */
    static byte @Nullable [] bytes(String text) {
        if (text.indexOf('=') >= 0) {
            return null;
        }
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text);
            // One text for the same bytes.
            return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(text) ? bytes : null;
        } catch (IllegalArgumentException malformed) {
            return null;
        }
    }
}
