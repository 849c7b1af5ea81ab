package io.gojinn.proxy;

import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a proxy has written to its access log. */
final class CapturedLog extends ByteArrayOutputStream {
    /** Waits for this many lines. */
    List<JsonNode> awaitLines(int lines) {
        await().until(() -> lines().size() >= lines);
        return lines();
    }

    List<JsonNode> lines() {
        return text().lines().map(JsonMapper.shared()::readTree).toList();
    }

    String text() {
        return toString(StandardCharsets.US_ASCII);
    }
}
