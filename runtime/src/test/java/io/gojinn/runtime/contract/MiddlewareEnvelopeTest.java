package io.gojinn.runtime.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gojinn.runtime.Invocation.Phase;
import io.gojinn.runtime.contract.ResponseEnvelope.Header;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MiddlewareEnvelopeTest {
    private static final String NEXT = """
            {"next":{"method":"PUT","uri":"/a?b","headers":{"set":{"X-A":"1","X-B":["2","3"]},"add":{"X-C":[""]},\
            "remove":["X-D"]},"body":"AQI=","body_encoding":"base64"}}""";

    @Test
    void theResponsePhaseIsFrozen() {
        RequestEnvelope request = new RequestEnvelope(
                "GET",
                "/",
                "/",
                "",
                "http",
                "localhost",
                List.of(),
                List.of(),
                "r-1",
                Map.of(),
                "::1",
                "root",
                null,
                new RequestEnvelope.Response(
                        404,
                        List.of(Map.entry("content-type", "text/plain"), Map.entry("X-A", "1"), Map.entry("x-a", "2")),
                        List.of(ByteBuffer.wrap(new byte[] {(byte) 0xff, 1}))));
        ByteBuffer encoded = RequestEnvelopeEncoder.encode(
                request,
                ByteBuffer.allocateDirect(16),
                (current, additional) -> ByteBuffer.allocateDirect(current.position() + additional)
                        .put(current.flip()));
        assertThat(StandardCharsets.UTF_8.decode(encoded).toString()).isEqualTo("""
                        {"method":"GET","uri":"/","headers":{},"body":"","trace_id":"r-1","version":1,"scheme":"http",\
                        "host":"localhost","path":"/","query":{},"params":{},"remote_addr":"::1","route":"root",\
                        "phase":"response","response":{"status":404,"headers":{"Content-Type":["text/plain"],\
                        "X-A":["1","2"]},"body":"/wE=","body_encoding":"base64"}}""");
    }

    @Test
    void readsEveryChangeOfARequest() throws ContractViolationException {
        ByteBuffer output = buffer(NEXT);
        MessageChanges changes = (MessageChanges) MiddlewareEnvelopeDecoder.decode(output, Phase.REQUEST);
        assertThat(changes.method()).isEqualTo("PUT");
        assertThat(changes.uri()).isEqualTo("/a?b");
        assertThat(changes.set())
                .containsExactly(new Header("X-A", "1"), new Header("X-B", "2"), new Header("X-B", "3"));
        assertThat(changes.add()).containsExactly(new Header("X-C", ""));
        assertThat(changes.remove()).containsExactly("X-D");
        assertThat(changes.replacesBody()).isTrue();
        byte[] body = new byte[changes.bodyLength()];
        output.get(output.position() + changes.bodyOffset(), body);
        assertThat(body).containsExactly(1, 2);
    }

    @Test
    void readsEveryChangeOfAResponse() throws ContractViolationException {
        MessageChanges changes = (MessageChanges) MiddlewareEnvelopeDecoder.decode(
                buffer("{\"response\":{\"status\":201,\"headers\":{\"set\":{\"X-A\":\"1\"}},\"body\":\"\"}}"),
                Phase.RESPONSE);
        assertThat(changes.status()).isEqualTo(201);
        assertThat(changes.set()).containsExactly(new Header("X-A", "1"));
        assertThat(changes.replacesBody()).isTrue();
        assertThat(changes.bodyLength()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                " {\n}\t",
                "{\"next\":null}",
                "{\"next\":{}}",
                "{\"next\":{\"headers\":null}}",
                "{\"next\":{\"headers\":{\"set\":null,\"add\":null,\"remove\":null}}}"
            })
    void nothingIsNoChange(String output) throws ContractViolationException {
        assertThat(MiddlewareEnvelopeDecoder.decode(buffer(output), Phase.REQUEST))
                .isEqualTo(MessageChanges.NONE);
    }

    @Test
    void aReplyIsAResponseEnvelope() throws ContractViolationException {
        for (Phase phase : List.of(Phase.REQUEST, Phase.RESPONSE)) {
            ResponseEnvelope reply = (ResponseEnvelope) MiddlewareEnvelopeDecoder.decode(
                    buffer("{\"status\":403,\"headers\":null,\"body\":\"no\",\"unknown\":1}"), phase);
            assertThat(reply.status()).isEqualTo(403);
            assertThat(reply.bodyLength()).isEqualTo(2);
        }
    }

    @Test
    void framingAndHopByHopFieldsAreDroppedHoweverTheyAreChanged() throws ContractViolationException {
        MessageChanges changes = (MessageChanges) MiddlewareEnvelopeDecoder.decode(
                buffer(
                        "{\"next\":{\"headers\":{\"set\":{\"Connection\":\"x-private\",\"Content-Length\":\"9\",\"X-Kept\":\"1\"},"
                                + "\"add\":{\"X-Private\":\"1\",\"Transfer-Encoding\":\"chunked\"},"
                                + "\"remove\":[\"content-length\",\"Upgrade\",\"X-Gone\"]}}}"),
                Phase.REQUEST);
        assertThat(changes.set()).containsExactly(new Header("X-Kept", "1"));
        assertThat(changes.add()).isEmpty();
        assertThat(changes.remove()).containsExactly("X-Gone");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{} {}",
                "{\"nxt\":{}}",
                "{\"next\":{},\"next\":{}}",
                "{\"next\":{},\"status\":200}",
                "{\"status\":200,\"next\":{}}",
                "{\"next\":{},\"x\":1}",
                "{\"response\":{}}",
                "{\"body\":\"x\"}",
                "{\"next\":[]}",
                "{\"next\":{\"status\":200}}",
                "{\"next\":{\"methods\":\"GET\"}}",
                "{\"next\":{\"method\":1}}",
                "{\"next\":{\"headers\":{\"X-A\":\"1\"}}}",
                "{\"next\":{\"headers\":{\"set\":[]}}}",
                "{\"next\":{\"headers\":{\"remove\":{}}}}",
                "{\"next\":{\"headers\":{\"remove\":[\"a b\"]}}}",
                "{\"next\":{\"headers\":{\"set\":{},\"set\":{}}}}",
                "{\"next\":{\"headers\":{\"set\":{\"X-A\":\"a\\nb\"}}}}",
                "{\"next\":{\"body\":\"=\",\"body_encoding\":\"base64\"}}",
            })
    void refusesEveryOtherForm(String output) {
        assertThatThrownBy(() -> MiddlewareEnvelopeDecoder.decode(buffer(output), Phase.REQUEST))
                .isInstanceOf(ContractViolationException.class)
                .hasMessageContaining("byte");
    }

    @Test
    void boundsAllFieldsTogether() {
        String third = "\"" + "v".repeat(30_000) + "\"";
        assertThatThrownBy(() -> MiddlewareEnvelopeDecoder.decode(
                        buffer("{\"next\":{\"headers\":{\"set\":{\"A\":" + third + "},\"add\":{\"B\":[" + third + ","
                                + third + "]}}}}"),
                        Phase.REQUEST))
                .isInstanceOf(ContractViolationException.class)
                .hasMessageContaining("header bytes");
        assertThatThrownBy(() -> MiddlewareEnvelopeDecoder.decode(
                        buffer("{\"next\":{\"headers\":{\"remove\":[" + "\"a\",".repeat(1_000) + "\"a\"]}}}"),
                        Phase.REQUEST))
                .isInstanceOf(ContractViolationException.class)
                .hasMessageContaining("field lines");
    }

    @Test
    void damagedOutputIsReadOrRefused() {
        Random random = new Random(7);
        byte[] whole = NEXT.getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < whole.length; length++) {
            ByteBuffer truncated =
                    ByteBuffer.allocateDirect(length).put(whole, 0, length).flip();
            assertThatThrownBy(() -> MiddlewareEnvelopeDecoder.decode(truncated, Phase.REQUEST))
                    .isInstanceOf(ContractViolationException.class);
        }
        for (int round = 0; round < 50_000; round++) {
            byte[] damaged = whole.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            ByteBuffer output =
                    ByteBuffer.allocateDirect(damaged.length).put(damaged).flip();
            try {
                MiddlewareEnvelope envelope = MiddlewareEnvelopeDecoder.decode(output, Phase.REQUEST);
                if (envelope instanceof MessageChanges changes) {
                    assertThat(changes.bodyOffset() + changes.bodyLength()).isLessThanOrEqualTo(damaged.length);
                }
            } catch (ContractViolationException e) {
                assertThat(e.getMessage()).isNotEmpty();
            }
        }
    }

    private static ByteBuffer buffer(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }
}
