package io.gojinn.runtime.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Holds the bytes of version 1. A failure here means that modules in the field would be told something else than
 * before: adding a member is a decision, changing one is not allowed.
 */
class GoldenEnvelopeTest {
    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @Test
    void aRequestWithNothing() throws IOException {
        RequestEnvelope request = new RequestEnvelope(
                "GET", "/", "/", "", "http", "localhost", List.of(), List.of(), "r-1", Map.of(), "::1", "root", null);
        JsonNode envelope = frozen("request-with-nothing", request);
        assertThat(envelope.get("body").asString()).isEmpty();
        assertThat(envelope.get("query").isEmpty()).isTrue();
        assertThat(envelope.get("headers").isEmpty()).isTrue();
        assertThat(envelope.has("tenant")).isFalse();
        assertThat(envelope.has("body_encoding")).isFalse();
    }

    @Test
    void aRequestWithEverything() throws IOException {
        Map<String, String> params = new LinkedHashMap<>();
        params.put("area", "contact");
        params.put("quote\"", "back\\slash");
        RequestEnvelope request = new RequestEnvelope(
                "POST",
                "/api/contact?id=123&name=J%C3%BCrgen+Q&id=&%zz",
                "/api/contact",
                "id=123&name=J%C3%BCrgen+Q&id=&%zz",
                "https",
                "example.com",
                List.of(
                        Map.entry("content-type", "application/json"),
                        Map.entry("ACCEPT", "text/html"),
                        Map.entry("x-b3-traceid", ""),
                        Map.entry("Accept", "*/*;q=0.1"),
                        Map.entry("x-latin", "caf\u00e9")),
                List.of(
                        utf8("{\"user\":\"j\u00f6hn\",\n\t\"path\":\"c:\\\\\",\"control\":\""),
                        utf8("\u0001\u007f\"}")),
                TRACE,
                params,
                "203.0.113.9",
                "contact",
                "acme");
        JsonNode envelope = frozen("request-with-everything", request);
        assertThat(envelope.get("body").asString())
                .isEqualTo("{\"user\":\"j\u00f6hn\",\n\t\"path\":\"c:\\\\\",\"control\":\"\u0001\u007f\"}");
        assertThat(envelope.get("headers").get("Accept").get(1).asString()).isEqualTo("*/*;q=0.1");
        assertThat(envelope.get("headers").get("X-B3-Traceid").get(0).asString())
                .isEmpty();
        assertThat(envelope.get("query").get("name").get(0).asString()).isEqualTo("J\u00fcrgen Q");
        assertThat(envelope.get("query").get("id").size()).isEqualTo(2);
        assertThat(envelope.get("params").get("quote\"").asString()).isEqualTo("back\\slash");
        assertThat(envelope.get("version").asInt()).isEqualTo(1);
    }

    @Test
    void aRequestWithABinaryBody() throws IOException {
        RequestEnvelope request = new RequestEnvelope(
                "PUT",
                "/images/1",
                "/images/1",
                "",
                "https",
                "example.com:8443",
                List.of(Map.entry("content-type", "image/png")),
                List.of(ByteBuffer.wrap(
                        new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, (byte) 0xff})),
                TRACE,
                Map.of(),
                "2001:db8::7",
                "images",
                null);
        JsonNode envelope = frozen("request-with-a-binary-body", request);
        assertThat(envelope.get("body_encoding").asString()).isEqualTo("base64");
        assertThat(envelope.get("body").asString()).isEqualTo("iVBORw0KGgoA/w==");
    }

    @Test
    void aResponseOnItsWay() throws IOException {
        RequestEnvelope request = new RequestEnvelope(
                "GET",
                "/page",
                "/page",
                "",
                "https",
                "localhost",
                List.of(Map.entry("accept", "text/html")),
                List.of(),
                "r-1",
                Map.of(),
                "::1",
                "root",
                null,
                new RequestEnvelope.Response(
                        201,
                        List.of(Map.entry("set-cookie", "a=1"), Map.entry("Set-Cookie", "b=2")),
                        List.of(ByteBuffer.wrap(new byte[] {(byte) 0xff}))));
        JsonNode envelope = frozen("response-on-its-way", request);
        assertThat(envelope.get("phase").asString()).isEqualTo("response");
        assertThat(envelope.get("response").get("status").asInt()).isEqualTo(201);
    }

    private static JsonNode frozen(String name, RequestEnvelope request) throws IOException {
        ByteBuffer encoded = RequestEnvelopeEncoder.encode(request, ByteBuffer.allocateDirect(0), Growth::exact);
        String text = StandardCharsets.UTF_8.decode(encoded.duplicate()).toString();
        assertThat(text).isEqualTo(resource(name + ".json"));
        return JsonMapper.shared().readTree(text);
    }

    /** The file without its last line end. */
    private static String resource(String name) throws IOException {
        try (InputStream stream = Objects.requireNonNull(GoldenEnvelopeTest.class.getResourceAsStream(name), name)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8).stripTrailing();
        }
    }

    private static ByteBuffer utf8(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
