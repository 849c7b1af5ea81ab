package io.gojinn.runtime.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class RequestEnvelopeEncoderTest {
    @Test
    void isTheFrozenEnvelopeOfVersionOne() {
        String envelope = text(request(
                "id=123&name=J%C3%BCrgen+Q&id=4",
                List.of(
                        Map.entry("content-type", "application/json"),
                        Map.entry("ACCEPT", "a/b"),
                        Map.entry("Accept", "c/d")),
                List.of(utf8("{\"user\":\"john\"}")),
                "acme"));
        assertThat(envelope).isEqualTo("""
                        {"method":"POST","uri":"/api/contact?id=123&name=J%C3%BCrgen+Q&id=4","headers":\
                        {"Content-Type":["application/json"],"Accept":["a/b","c/d"]},\
                        "body":"{\\"user\\":\\"john\\"}",\
                        "trace_id":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",\
                        "version":1,"scheme":"https","host":"example.com","path":"/api/contact",\
                        "query":{"id":["123","4"],"name":["Jürgen Q"]},"params":{"who":"you"},\
                        "remote_addr":"203.0.113.9","route":"contact","tenant":"acme","phase":"request"}""");
    }

    @Test
    void leavesOutTheTenantWhenThereIsNone() {
        assertThat(tree(request("", List.of(), List.of(), null)).has("tenant")).isFalse();
    }

    @Test
    void bodiesOfEveryLengthComeBackHoweverTheyAreCut() {
        Random random = new Random(1);
        for (int length = 0; length <= 4_096; length++) {
            byte[] body = new byte[length];
            random.nextBytes(body);
            if (length % 2 == 0) {
                body = randomText(random, length).getBytes(StandardCharsets.UTF_8);
            }
            JsonNode envelope = tree(request("", List.of(), chunks(random, body), null));
            assertThat(bodyOf(envelope)).isEqualTo(body);
        }
    }

    @Test
    void movesNoByteOfABodyOnceItIsWritten() {
        Random random = new Random(7);
        byte[] binary = new byte[70_000];
        random.nextBytes(binary);
        for (byte[] body : List.of(
                "x".repeat(70_000).getBytes(StandardCharsets.US_ASCII),
                "{\"id\":\"1\",\"value\":100}\n".repeat(4_000).getBytes(StandardCharsets.US_ASCII),
                "\"\\".repeat(40_000).getBytes(StandardCharsets.US_ASCII),
                "\u0000\u0001\u001f\b\t\n\f\r\u007f".repeat(9_000).getBytes(StandardCharsets.US_ASCII),
                randomText(random, 50_000).getBytes(StandardCharsets.UTF_8),
                binary)) {
            for (List<ByteBuffer> chunks : List.of(List.of(ByteBuffer.wrap(body)), chunks(random, body))) {
                for (boolean onItsWayBack : List.of(false, true)) {
                    RequestEnvelope request = onItsWayBack
                            ? answered(chunks)
                            : request("a=" + "%22".repeat(300), List.of(), chunks, null);
                    List<Integer> moved = new ArrayList<>();
                    String envelope = text(request, moved);
                    int start = envelope.lastIndexOf("\"body\":");
                    assertThat(moved).isNotEmpty().allMatch(bytes -> bytes <= start + "\"body\":".length());
                }
            }
        }
    }

    private static RequestEnvelope answered(List<ByteBuffer> body) {
        return new RequestEnvelope(
                "GET",
                "/",
                "/",
                "",
                "http",
                "a",
                List.of(),
                List.of(),
                "t",
                Map.of(),
                "::1",
                "r",
                null,
                new RequestEnvelope.Response(200, List.of(), body));
    }

    @ParameterizedTest
    @ValueSource(strings = {"c080", "eda080", "f4908080", "ff", "c3", "e282", "f09f98", "80", "f8888080"})
    void bodiesThatAreNoUtf8ComeAsBase64(String hexadecimal) {
        byte[] body =
                ByteBuffer.wrap(java.util.HexFormat.of().parseHex(hexadecimal)).array();
        for (int cut = 0; cut <= body.length; cut++) {
            List<ByteBuffer> chunks = List.of(
                    ByteBuffer.wrap(body, 0, cut).slice(),
                    ByteBuffer.wrap(body, cut, body.length - cut).slice());
            JsonNode envelope = tree(request("", List.of(), chunks, null));
            assertThat(envelope.get("body_encoding").asString()).isEqualTo("base64");
            assertThat(bodyOf(envelope)).isEqualTo(body);
        }
    }

    @Test
    void groupsFiveHundredHeadersAndKeepsTheirOrder() {
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            headers.add(Map.entry(i % 2 == 0 ? "x-many" : "X-Header-" + i, i % 5 == 0 ? "" : "v" + i));
        }
        JsonNode envelope = tree(request("", headers, List.of(), null));
        assertThat(envelope.get("headers").get("X-Many").size()).isEqualTo(250);
        assertThat(envelope.get("headers").get("X-Many").get(1).asString()).isEqualTo("v2");
        assertThat(envelope.get("headers").size()).isEqualTo(251);
    }

    @Test
    void hostileStringsStayStrings() {
        String hostile = "\"\\\u0000\u001f\u007f\u2028😀\ud800";
        JsonNode envelope =
                tree(request("a=%zz&%ff=1&=&&b", List.of(Map.entry("X-A", hostile)), List.of(utf8("x")), hostile));
        assertThat(envelope.get("tenant").asString()).isEqualTo(hostile.replace('\ud800', '\ufffd'));
        assertThat(envelope.get("query").get("a").get(0).asString()).isEqualTo("%zz");
        assertThat(envelope.get("query").has("b")).isTrue();
    }

    private static RequestEnvelope request(
            String query, List<Map.Entry<String, String>> headers, List<ByteBuffer> body, @Nullable String tenant) {
        return new RequestEnvelope(
                "POST",
                "/api/contact" + (query.isEmpty() ? "" : "?" + query),
                "/api/contact",
                query,
                "https",
                "example.com",
                headers,
                body,
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                Map.of("who", "you"),
                "203.0.113.9",
                "contact",
                tenant);
    }

    private static String text(RequestEnvelope request) {
        return text(request, new ArrayList<>());
    }

    /** Adds how many bytes are moved, each time that some are. */
    private static String text(RequestEnvelope request, List<Integer> moved) {
        ByteBuffer encoded =
                RequestEnvelopeEncoder.encode(request, ByteBuffer.allocateDirect(16), (current, additional) -> {
                    moved.add(current.position());
                    return ByteBuffer.allocateDirect(current.position() + additional)
                            .put(current.flip());
                });
        return StandardCharsets.UTF_8.decode(encoded).toString();
    }

    private static JsonNode tree(RequestEnvelope request) {
        return JsonMapper.shared().readTree(text(request));
    }

    private static byte[] bodyOf(JsonNode envelope) {
        String body = envelope.get("body").asString();
        return envelope.has("body_encoding") ? Base64.getDecoder().decode(body) : body.getBytes(StandardCharsets.UTF_8);
    }

    private static ByteBuffer utf8(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static List<ByteBuffer> chunks(Random random, byte[] body) {
        List<ByteBuffer> chunks = new ArrayList<>();
        int start = 0;
        while (start < body.length) {
            int length = Math.min(body.length - start, 1 + random.nextInt(700));
            ByteBuffer chunk = ByteBuffer.allocateDirect(length);
            chunks.add(chunk.put(body, start, length).flip());
            start += length;
        }
        return chunks;
    }

    private static String randomText(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            int codePoint = random.nextInt(4) > 0 ? random.nextInt(128) : random.nextInt(0x11_0000);
            text.appendCodePoint(codePoint >= 0xd800 && codePoint < 0xe000 ? 'x' : codePoint);
        }
        return text.toString();
    }
}
