package io.gojinn.runtime.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gojinn.runtime.contract.ResponseEnvelope.Header;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class ResponseEnvelopeDecoderTest {
    private static final String FULL = """
            {"status":201,"headers":{"Content-Type":["text/plain"],"X-One":"1","Set-Cookie":["a","b"]},\
            "body":"gr\\u00fc\\u00df \\ud83d\\ude00\\n","unknown":[{"deep":[1.5e3,true,null]}]}""";

    @Test
    void readsEveryMember() throws ContractViolationException {
        ByteBuffer output = buffer(FULL);
        ResponseEnvelope envelope = ResponseEnvelopeDecoder.decode(output);
        assertThat(envelope.status()).isEqualTo(201);
        assertThat(envelope.headers())
                .containsExactly(
                        new Header("Content-Type", "text/plain"),
                        new Header("X-One", "1"),
                        new Header("Set-Cookie", "a"),
                        new Header("Set-Cookie", "b"));
        assertThat(body(output, envelope)).asString(StandardCharsets.UTF_8).isEqualTo("grüß 😀\n");
    }

    @Test
    void dropsFramingAndHopByHopFields() throws ContractViolationException {
        ByteBuffer output = buffer("""
                {"status":200,"headers":{"Connection":"x-private","X-Private":"1","Transfer-Encoding":"chunked",\
                "content-length":"999","Upgrade":"h2c","X-Kept":"yes"}}""");
        assertThat(ResponseEnvelopeDecoder.decode(output).headers()).containsExactly(new Header("X-Kept", "yes"));
    }

    @Test
    void decodesBase64WhereverItsEncodingIsNamed() throws ContractViolationException {
        Random random = new Random(2);
        for (int length = 0; length < 300; length++) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            String base64 = Base64.getEncoder().encodeToString(bytes);
            String member = "\"body_encoding\":\"base64\",";
            for (String text : new String[] {
                "{" + member + "\"status\":200,\"body\":\"" + base64 + "\"}",
                "{\"body\":\"" + base64.replace("=", "").replace("/", "\\/") + "\"," + member + "\"status\":200}"
            }) {
                ByteBuffer output = buffer(text);
                assertThat(body(output, ResponseEnvelopeDecoder.decode(output))).isEqualTo(bytes);
            }
        }
    }

    @Test
    void readsWhatAnotherLibraryWrites() throws ContractViolationException {
        Random random = new Random(3);
        for (int round = 0; round < 3_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(60); i > 0; i--) {
                int codePoint = random.nextBoolean() ? random.nextInt(128) : random.nextInt(0x11_0000);
                text.appendCodePoint(codePoint >= 0xd800 && codePoint < 0xe000 ? '"' : codePoint);
            }
            ByteBuffer output =
                    buffer(JsonMapper.shared().writeValueAsString(Map.of("status", 200, "body", text.toString())));
            assertThat(body(output, ResponseEnvelopeDecoder.decode(output)))
                    .isEqualTo(text.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "  ",
                "hello",
                "[]",
                "{}",
                "{\"status\":200} {}",
                "{\"status\":200,}",
                "{\"status\":200,\"status\":200}",
                "{\"status\":\"200\"}",
                "{\"status\":200.0}",
                "{\"status\":2e2}",
                "{\"status\":0200}",
                "{\"status\":-200}",
                "{\"status\":99}",
                "{\"status\":103}",
                "{\"status\":600}",
                "{\"status\":99999999999999999999}",
                "{\"status\":200,\"body\":null}",
                "{\"status\":200,\"body\":\"\\ud800\"}",
                "{\"status\":200,\"body\":\"\\udc00\"}",
                "{\"status\":200,\"body\":\"\\x41\"}",
                "{\"status\":200,\"body\":\"a\nb\"}",
                "{\"status\":200,\"body\":\"a",
                "{\"status\":200,\"body\":\"a=b=\",\"body_encoding\":\"base64\"}",
                "{\"status\":200,\"body\":\"abcde\",\"body_encoding\":\"base64\"}",
                "{\"status\":200,\"body_encoding\":\"gzip\"}",
                "{\"status\":200,\"headers\":{\"X-A\":\"a\\r\\nX-B: b\"}}",
                "{\"status\":200,\"headers\":{\"X-A\":\"a\\u0000\"}}",
                "{\"status\":200,\"headers\":{\"X-A\":\"\\u0100\"}}",
                "{\"status\":200,\"headers\":{\"X A\":\"a\"}}",
                "{\"status\":200,\"headers\":{\"\":\"a\"}}",
                "{\"status\":200,\"headers\":{\"X-A\":[1]}}",
                "{\"status\":200,\"headers\":[]}"
            })
    void refusesWhatTheContractDoesNotAllow(String output) {
        assertThatThrownBy(() -> ResponseEnvelopeDecoder.decode(buffer(output)))
                .isInstanceOf(ContractViolationException.class)
                .hasMessageContaining("byte");
    }

    @Test
    void boundsNestingAndHeaders() {
        String nested = "{\"status\":200,\"x\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";
        assertThatThrownBy(() -> ResponseEnvelopeDecoder.decode(buffer(nested)))
                .isInstanceOf(ContractViolationException.class);
        String many = "{\"status\":200,\"headers\":{\"X\":[" + "\"\",".repeat(1_000) + "\"\"]}}";
        assertThatThrownBy(() -> ResponseEnvelopeDecoder.decode(buffer(many)))
                .isInstanceOf(ContractViolationException.class);
    }

    @Test
    void everyTruncationIsAViolation() {
        byte[] whole = FULL.getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < whole.length; length++) {
            ByteBuffer output = guarded(whole, length);
            assertThatThrownBy(() -> ResponseEnvelopeDecoder.decode(output))
                    .isInstanceOf(ContractViolationException.class);
        }
    }

    @Test
    void damagedOutputIsReadOrRefusedAndNothingOutsideIsTouched() {
        Random random = new Random(4);
        byte[] whole = FULL.getBytes(StandardCharsets.UTF_8);
        for (int round = 0; round < 50_000; round++) {
            byte[] damaged = whole.clone();
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            ByteBuffer output = guarded(damaged, damaged.length);
            try {
                ResponseEnvelope envelope = ResponseEnvelopeDecoder.decode(output);
                assertThat(envelope.bodyOffset() + envelope.bodyLength()).isLessThanOrEqualTo(damaged.length);
            } catch (ContractViolationException e) {
                assertThat(e.getMessage()).isNotEmpty();
            }
            ByteBuffer guards = output.duplicate().clear();
            assertThat(guards.get(0)).isEqualTo((byte) 0x55);
            assertThat(guards.get(guards.capacity() - 1)).isEqualTo((byte) 0x55);
        }
    }

    private static ByteBuffer buffer(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return guarded(bytes, bytes.length);
    }

    /** A direct buffer whose content lies between two bytes that must not change. */
    private static ByteBuffer guarded(byte[] bytes, int length) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(length + 2);
        buffer.put(0, (byte) 0x55).put(1, bytes, 0, length).put(length + 1, (byte) 0x55);
        return buffer.position(1).limit(length + 1);
    }

    private static byte[] body(ByteBuffer output, ResponseEnvelope envelope) {
        byte[] body = new byte[envelope.bodyLength()];
        output.get(output.position() + envelope.bodyOffset(), body);
        return body;
    }
}
