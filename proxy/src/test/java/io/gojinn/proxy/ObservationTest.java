package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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

class ObservationTest {
    private final ListAppender<ILoggingEvent> access = new ListAppender<>();
    private final ListAppender<ILoggingEvent> function = new ListAppender<>();

    @BeforeEach
    void listen() {
        access.start();
        function.start();
        logger("gojinn.access").addAppender(access);
        logger("gojinn.function").addAppender(function);
    }

    @AfterEach
    void stopListening() {
        logger("gojinn.access").detachAppender(access);
        logger("gojinn.function").detachAppender(function);
    }

    @Test
    void logsOneLineARequest() {
        try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            client.send("POST /" + "p".repeat(2000) + "?secret HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n"
                            + "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\nabc")
                    .read();
            await().until(() -> access.list.size() == 1);
            Map<String, Object> line = line(0);
            assertThat(line)
                    .containsEntry("method", "POST")
                    .containsEntry("path", "/" + "p".repeat(1023))
                    .containsEntry("host", "a.example")
                    .containsEntry("status", 201)
                    .containsEntry("request_bytes", 3L)
                    .containsEntry("response_bytes", 2L)
                    .containsEntry("route", "forward")
                    .containsEntry("listener", "web")
                    .containsEntry("client", "127.0.0.1")
                    .containsEntry("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736")
                    .containsEntry("upstream", "127.0.0.1:" + upstream.address().getPort())
                    .containsKey("duration_ms")
                    .doesNotContainKey("error");
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
                        .start();
                RawClient client = proxy.connect()) {
            client.get("/f").read();
            client.send("BAD\r\n\r\n").read();
            await().until(() -> access.list.size() == 2);
            assertThat(line(0)).containsEntry("error", "trap").containsEntry("detail", "secret detail");
            assertThat(line(1)).containsEntry("error", "malformed").containsEntry("status", 400);
            assertThat(proxy.metric("gojinn_client_errors_total", "reason", "malformed"))
                    .isEqualTo(1);
            assertThat(proxy.metric("gojinn_requests_total", "route", "none", "status", "4xx"))
                    .isEqualTo(1);
        }
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

    private Map<String, Object> line(int index) {
        return pairs(List.copyOf(access.list).get(index));
    }

    private static Map<String, Object> pairs(ILoggingEvent event) {
        return event.getKeyValuePairs().stream().collect(Collectors.toMap(pair -> pair.key, pair -> pair.value));
    }

    private static Logger logger(String name) {
        return (Logger) LoggerFactory.getLogger(name);
    }
}
