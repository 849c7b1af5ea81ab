package io.gojinn.cli.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class JsonLineEncoderTest {
    private final Logger logger = new LoggerContext().getLogger("test");

    @Test
    void writesOneObjectALineWithTheEventsKeys() {
        JsonNode line = encode("request", List.of(new KeyValuePair("status", 200), new KeyValuePair("route", "api")));
        assertThat(line.get("message").asString()).isEqualTo("request");
        assertThat(line.get("status").isInt()).isTrue();
        assertThat(line.get("route").asString()).isEqualTo("api");
    }

    @Test
    void keepsHostileTextInsideItsLine() {
        String hostile = "a\n{\"level\":\"ERROR\"}\u0000\u2028\ud800";
        JsonNode line = encode(hostile, List.of(new KeyValuePair("path", hostile)));
        assertThat(line.get("level").asString()).isEqualTo("INFO");
        assertThat(line.get("path").asString()).startsWith("a\n{");
    }

    private JsonNode encode(String message, List<KeyValuePair> pairs) {
        LoggingEvent event = new LoggingEvent("", logger, Level.INFO, "{}", null, new Object[] {message});
        event.setKeyValuePairs(pairs);
        String line = new String(new JsonLineEncoder().encode(event), StandardCharsets.UTF_8);
        assertThat(line).endsWith("\n");
        assertThat(line.strip()).doesNotContain("\n");
        return JsonMapper.shared().readTree(line);
    }
}
