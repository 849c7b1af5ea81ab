package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.Invocation;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

class ObservationTest {
    private final CapturedLog access = new CapturedLog();
    private final ListAppender<ILoggingEvent> function = new ListAppender<>();

    @BeforeEach
    void listen() {
        function.start();
        logger("gojinn.function").addAppender(function);
    }

    @AfterEach
    void stopListening() {
        logger("gojinn.function").detachAppender(function);
    }

    @Test
    void logsOneLineARequest() {
        try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .accessLog(access)
                        .start();
                RawClient client = proxy.connect()) {
            client.send("POST /" + "p".repeat(2000) + "?secret HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n"
                            + "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\nabc")
                    .read();
            JsonNode line = access.awaitLines(1).getFirst();
            assertThat(line.get("time").asString()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
            assertThat(line.get("logger").asString()).isEqualTo("gojinn.access");
            assertThat(line.get("method").asString()).isEqualTo("POST");
            assertThat(line.get("path").asString()).isEqualTo("/" + "p".repeat(1023));
            assertThat(line.get("host").asString()).isEqualTo("a.example");
            assertThat(line.get("protocol").asString()).isEqualTo("HTTP/1.1");
            assertThat(line.get("status").asInt()).isEqualTo(201);
            assertThat(line.get("request_bytes").asLong()).isEqualTo(3);
            assertThat(line.get("response_bytes").asLong()).isEqualTo(2);
            assertThat(line.get("duration_ms").isNumber()).isTrue();
            assertThat(line.get("route").asString()).isEqualTo("forward");
            assertThat(line.get("listener").asString()).isEqualTo("web");
            assertThat(line.get("client").asString()).isEqualTo("127.0.0.1");
            assertThat(line.get("trace_id").asString()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
            assertThat(line.get("upstream").asString())
                    .isEqualTo("127.0.0.1:" + upstream.address().getPort());
            assertThat(line.has("error")).isFalse();
            assertThat(line.toString()).doesNotContain("secret");
            assertThat(proxy.metric("gojinn_requests_total", "route", "forward", "status", "2xx"))
                    .isEqualTo(1);
            assertThat(proxy.metric("gojinn_request_duration_seconds_count", "route", "forward"))
                    .isEqualTo(1);
            assertThat(proxy.metric("gojinn_active_requests", "route", "forward"))
                    .isZero();
            assertThat(proxy.metric("gojinn_open_connections", "listener", "web"))
                    .isEqualTo(1);
            assertThat(proxy.metric("gojinn_upstream_requests_total", "upstream", "app", "outcome", "answered"))
                    .isEqualTo(1);
            assertThat(proxy.metric("gojinn_upstream_connections", "upstream", "app"))
                    .isEqualTo(1);
        }
    }

    @Test
    void logsFailuresWithTheirDetail() {
        try (TestProxy proxy = TestProxy.with()
                        .function("/f", FakeFunction.failing(FunctionFailure.TRAP))
                        .accessLog(access)
                        .start();
                RawClient client = proxy.connect()) {
            client.get("/f").read();
            client.send("BAD\r\n\r\n").read();
            List<JsonNode> lines = access.awaitLines(2);
            assertThat(lines.getFirst().get("error").asString()).isEqualTo("trap");
            assertThat(lines.getFirst().get("detail").asString()).isEqualTo("secret detail");
            assertThat(lines.get(1).get("error").asString()).isEqualTo("malformed");
            assertThat(lines.get(1).get("status").asInt()).isEqualTo(400);
            assertThat(proxy.metric("gojinn_client_errors_total", "reason", "malformed"))
                    .isEqualTo(1);
            assertThat(proxy.metric("gojinn_requests_total", "route", "none", "status", "4xx"))
                    .isEqualTo(1);
        }
    }

    @Test
    void keepsHostileTextInsideItsLine() {
        try (TestProxy proxy = TestProxy.with().accessLog(access).start();
                RawClient client = proxy.connect()) {
            client.send("GET /\"},{\"level\":\"ERROR\u0000\u001b[2J\u00e9\r\\ HTTP/1.1\r\nHost: \"\r\n\r\n")
                    .read();
            assertThat(access.awaitLines(1).getFirst().get("level").asString()).isEqualTo("INFO");
            assertThat(access.text()).matches("[ -~]+\n");
        }
    }

    @Test
    void writesWhatIsLeftWhenItStops() {
        try (TestProxy proxy =
                        TestProxy.with().respond("/", "ok").accessLog(access).start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 100; i++) {
                client.get("/").read();
            }
        }
        assertThat(access.lines()).hasSize(100);
    }

    @Test
    void passesOnTheLinesOfFunctions() {
        FakeFunction talking = new FakeFunction(invocation -> {
            invocation.input();
            invocation.log(Invocation.LogLevel.WARN, "careful");
            FakeFunction.reply(invocation, 200, "");
        });
        try (TestProxy proxy = TestProxy.with().function("/f", talking).start();
                RawClient client = proxy.connect()) {
            client.get("/f").read();
            ILoggingEvent event = function.list.getFirst();
            assertThat(event.getFormattedMessage()).isEqualTo("careful");
            assertThat(event.getLevel().toString()).isEqualTo("WARN");
            assertThat(pairs(event))
                    .containsKeys("trace_id")
                    .containsEntry("function", "fake")
                    .containsEntry("route", "function-0");
        }
    }

    private static Map<String, Object> pairs(ILoggingEvent event) {
        return event.getKeyValuePairs().stream().collect(Collectors.toMap(pair -> pair.key, pair -> pair.value));
    }

    private static Logger logger(String name) {
        return (Logger) LoggerFactory.getLogger(name);
    }
}
