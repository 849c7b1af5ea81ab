package io.gojinn.proxy.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.prometheus.client.CollectorRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class AccessLogTest {
    private static final int LINES = 20_000;
    private static final TraceContext TRACE = TraceContext.of(null);

    private final CollectorRegistry registry = new CollectorRegistry();
    private final Metrics metrics = new Metrics(registry);
    private final EventLoop loop = new DefaultEventLoop();

    @AfterEach
    void stop() {
        loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    @Test
    void losesNothingThatIsReadFastEnough() throws Exception {
        List<JsonNode> written = written(i -> entry("/" + i), LINES);
        assertThat(written).hasSize(LINES);
        for (int i = 0; i < LINES; i++) {
            assertThat(written.get(i).get("path").asString()).isEqualTo("/" + i);
        }
        assertThat(dropped()).isZero();
    }

    @Test
    void aLineTellsAllOfARequest() throws Exception {
        Instant before = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        AccessLog.Entry other = new AccessLog.Entry(
                "POST", "/", "", "HTTP/2", 99, 1, 2, 999, "r\\", "l", "::1", TRACE, null, "a:1", 7, "f");
        List<JsonNode> written = written(i -> i == 0 ? entry("/a\"b") : other, 2);
        for (JsonNode line : written) {
            assertThat(Instant.parse(((ObjectNode) line).remove("time").asString()))
                    .isBetween(before, Instant.now());
        }
        String common = "{'level':'INFO','logger':'gojinn.access','message':'request',";
        String trace = "'trace_id':'" + TRACE.traceId() + "'";
        assertThat(written)
                .hasToString(("[" + common + "'method':'GET','path':'/a\\\"b','host':'h','protocol':'HTTP/1.1',"
                                + "'status':200,'request_bytes':0,'response_bytes':2,'duration_ms':1.234,"
                                + "'route':'r','listener':'l','client':'127.0.0.1'," + trace + "}, "
                                + common + "'method':'POST','path':'/','host':'','protocol':'HTTP/2',"
                                + "'status':99,'request_bytes':1,'response_bytes':2,'duration_ms':0.0,"
                                + "'route':'r\\\\','listener':'l','client':'::1'," + trace
                                + ",'upstream':'a:1','fuel':7,'client_certificate':'f'}]")
                        .replace('\'', '"'));
    }

    @Test
    void namesThatComeAndGoAreWrittenAsTheyAre() throws Exception {
        // More than are remembered.
        List<JsonNode> written = written(
                i -> new AccessLog.Entry(
                        "GET",
                        "/",
                        "h",
                        "HTTP/1.1",
                        200,
                        0,
                        0,
                        0,
                        "r" + i / 2,
                        "l",
                        "c",
                        TRACE,
                        null,
                        "u" + i,
                        0,
                        null),
                LINES);
        assertThat(written).hasSize(LINES);
        for (int i = 0; i < LINES; i++) {
            assertThat(written.get(i).get("route").asString()).isEqualTo("r" + i / 2);
            assertThat(written.get(i).get("upstream").asString()).isEqualTo("u" + i);
        }
    }

    @Test
    void dropsAndCountsWhatNobodyReadsAndNeverWaits() throws Exception {
        Output output = new Output();
        try (AccessLog log = new AccessLog(output, metrics)) {
            AccessLogLines lines = new AccessLogLines(log, loop);
            loop.submit(() -> {
                        for (int i = 0; i < LINES; i++) {
                            lines.write(entry("/" + "p".repeat(2000)));
                        }
                        lines.handOver();
                    })
                    .get(10, TimeUnit.SECONDS);
            assertThat(dropped()).isPositive();
            output.opened.countDown();
        }
        assertThat(output.lines()).hasSize(LINES - (int) dropped());
    }

    @Test
    void writesALineSoonThoughNoOtherFollows() throws Exception {
        Output output = new Output();
        output.opened.countDown();
        try (AccessLog log = new AccessLog(output, metrics)) {
            AccessLogLines lines = new AccessLogLines(log, loop);
            loop.submit(() -> lines.write(entry("/"))).get();
            await().until(() -> output.lines().size() == 1);
        }
    }

    @Test
    void theLongestLineFitsIntoABlock() throws Exception {
        String longest = "\u0000".repeat(5000);
        AccessLog.Entry entry = new AccessLog.Entry(
                longest,
                longest,
                longest,
                "HTTP/1.1",
                200,
                1,
                1,
                1,
                longest,
                longest,
                longest,
                TRACE,
                null,
                longest,
                Long.MAX_VALUE,
                longest);
        assertThat(written(i -> entry, 3))
                .hasSize(3)
                .allSatisfy(line -> assertThat(line.get("path").asString()).isEqualTo("\u0000".repeat(1024)));
    }

    /** What a reader who is fast enough gets of so many lines. */
    private List<JsonNode> written(IntFunction<AccessLog.Entry> entries, int count) throws Exception {
        Output output = new Output();
        output.opened.countDown();
        try (AccessLog log = new AccessLog(output, metrics)) {
            AccessLogLines lines = new AccessLogLines(log, loop);
            for (int i = 0; i < count; i++) {
                AccessLog.Entry entry = entries.apply(i);
                loop.submit(() -> lines.write(entry)).get();
            }
            loop.submit(lines::handOver).get();
        }
        return output.lines();
    }

    private double dropped() {
        return registry.getSampleValue("gojinn_access_log_dropped_total");
    }

    private static AccessLog.Entry entry(String path) {
        return new AccessLog.Entry(
                "GET", path, "h", "HTTP/1.1", 200, 0, 2, 1_234_567, "r", "l", "127.0.0.1", TRACE, null, null, -1, null);
    }

    /** Takes nothing until it is opened. */
    private static final class Output extends OutputStream {
        final CountDownLatch opened = new CountDownLatch(1);
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();

        @Override
        public void write(int octet) {
            throw new AssertionError("a write of one byte");
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                opened.await();
            } catch (InterruptedException interrupted) {
                throw new IOException(interrupted);
            }
            written.write(bytes, offset, length);
        }

        List<JsonNode> lines() {
            return written.toString(StandardCharsets.US_ASCII)
                    .lines()
                    .map(JsonMapper.shared()::readTree)
                    .toList();
        }
    }
}
