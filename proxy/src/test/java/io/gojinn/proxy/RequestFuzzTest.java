package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.gojinn.proxy.listen.ListenerLimits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Hostile bytes on HTTP/1.1 connections: every one is answered or closed in time, an upstream gets nothing that two servers
 * could read differently, and it gets exactly the requests that the proxy knows of.
 *
 * <p>An input that is answered in a way not seen before is kept and changed further. {@code proxy/src/test/fuzz/fuzz} runs
 * this for longer and keeps such inputs in the corpus, which every run begins with.
 */
class RequestFuzzTest {
    private static final Path CORPUS = Path.of("src/test/fuzz/corpus");
    private static final Path FAILED = Path.of("target/fuzz");
    private static final long SEED = Long.getLong("gojinn.fuzz.seed", 20_261_121L);
    private static final long SECONDS = Long.getLong("gojinn.fuzz.seconds", 0);
    private static final boolean KEEP = Boolean.getBoolean("gojinn.fuzz.keep");
    private static final int BATCH = 400;
    private static final int CORPUS_LIMIT = 500;
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final Duration PATIENCE = Duration.ofMillis(200);
    private static final Pattern ANSWER = Pattern.compile("HTTP/1\\.1 (\\d{3}) |[Xx]-[Gg]ojinn-[Ee]rror: (\\S+)");

    private final Set<String> answersSeen = new HashSet<>();
    private final List<byte[]> corpus = new ArrayList<>();
    private final CapturedLog access = new CapturedLog();
    private int logged;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anyBytesAreAnsweredOrClosedAndNeverSmuggled(boolean tolerant) throws Exception {
        Logger log = (Logger) LoggerFactory.getLogger("io.gojinn");
        ListAppender<ILoggingEvent> surprises = new ListAppender<>();
        surprises.start();
        log.addAppender(surprises);
        long endNanos = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
        int inputs = 0;
        try (StrictUpstream upstream = new StrictUpstream();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.raw().config())
                        .limits(new ListenerLimits(10_000, 8 << 10, 30, PATIENCE, PATIENCE))
                        .tolerant(tolerant)
                        .accessLog(access)
                        .start();
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (List<byte[]> kept = kept(); !kept.isEmpty(); ) {
                List<byte[]> batch = kept.subList(0, Math.min(BATCH, kept.size()));
                run(proxy, upstream, clients, batch, inputs);
                inputs += batch.size();
                kept = kept.subList(batch.size(), kept.size());
            }
            do {
                run(proxy, upstream, clients, made(inputs), inputs);
                inputs += BATCH;
            } while (System.nanoTime() < endNanos);
            assertThat(surprises.list)
                    .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                    .isEmpty();
        } finally {
            log.detachAppender(surprises);
        }
        System.out.printf("%,d inputs, %,d ways to answer, corpus of %,d%n", inputs, answersSeen.size(), corpus.size());
    }

    private static List<byte[]> kept() throws IOException {
        List<byte[]> kept = new ArrayList<>();
        try (Stream<Path> files = Files.list(CORPUS)) {
            for (Path file : files.sorted().toList()) {
                kept.add(Files.readAllBytes(file));
            }
        }
        return kept;
    }

    private List<byte[]> made(int first) {
        List<byte[]> made = new ArrayList<>();
        for (int i = 0; i < BATCH; i++) {
            Random random = new Random(SEED + first + i);
            HostileRequests requests = new HostileRequests(random);
            made.add(
                    corpus.isEmpty() || random.nextInt(3) == 0
                            ? requests.fresh()
                            : requests.changed(
                                    corpus.get(random.nextInt(corpus.size())),
                                    corpus.get(random.nextInt(corpus.size()))));
        }
        return made;
    }

    private void run(TestProxy proxy, StrictUpstream upstream, ExecutorService clients, List<byte[]> batch, int first)
            throws Exception {
        try {
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < batch.size(); i++) {
                byte[] input = batch.get(i);
                Random random = new Random(SEED - first - i);
                answers.add(clients.submit(() -> converse(proxy, input, random)));
            }
            for (int i = 0; i < batch.size(); i++) {
                if (answersSeen.add(answers.get(i).get()) && corpus.size() < CORPUS_LIMIT) {
                    keep(batch.get(i));
                }
            }
            await().until(() -> proxy.metric("gojinn_open_connections", "listener", "web") == 0);
            assertThat(upstream.violations).isEmpty();
            compare(proxy, upstream);
        } catch (Exception | AssertionError failed) {
            Files.createDirectories(FAILED);
            for (int i = 0; i < batch.size(); i++) {
                Files.write(FAILED.resolve("failed-" + i), batch.get(i));
            }
            throw new AssertionError(
                    "after %d inputs, those of the last batch are in %s".formatted(first, FAILED.toAbsolutePath()),
                    failed);
        }
    }

    private void keep(byte[] input) throws IOException {
        corpus.add(input);
        if (KEEP) {
            Files.write(CORPUS.resolve("%016x".formatted(0xffff_ffffL & Arrays.hashCode(input))), input);
        }
    }

    /** Sends an input and tells how it was answered. */
    private static String converse(TestProxy proxy, byte[] input, Random random) throws IOException {
        try (Socket socket = proxy.connect().socket) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            ByteArrayOutputStream answers = new ByteArrayOutputStream();
            try {
                int most = random.nextInt(3) == 0 ? 1 + random.nextInt(64) : input.length;
                for (int at = 0; at < input.length; ) {
                    int length = Math.min(input.length - at, 1 + random.nextInt(most));
                    socket.getOutputStream().write(input, at, most == input.length ? input.length : length);
                    at += most == input.length ? input.length : length;
                }
                if (random.nextBoolean()) {
                    socket.shutdownOutput();
                }
                socket.getInputStream().transferTo(answers);
            } catch (SocketTimeoutException stuck) {
                throw new AssertionError("neither answered nor closed: " + escaped(input), stuck);
            } catch (IOException closed) {
                // The proxy has ended the connection first, with bytes of ours unread.
            }
            StringBuilder told = new StringBuilder();
            Matcher matcher = ANSWER.matcher(answers.toString(StandardCharsets.ISO_8859_1));
            while (matcher.find()) {
                told.append(matcher.group().strip()).append('\n');
            }
            return told.toString();
        } catch (UncheckedIOException refused) {
            throw new AssertionError("not accepted", refused);
        }
    }

    private static String escaped(byte[] input) {
        return new String(input, StandardCharsets.ISO_8859_1)
                .replace("\r", "\\r")
                .replace("\n", "\\n\n");
    }

    // What the proxy says it has forwarded is what the upstream has understood, both ways.
    private void compare(TestProxy proxy, StrictUpstream upstream) {
        await().untilAsserted(() -> {
            double requests = 0;
            for (String route : List.of("forward", "none")) {
                for (int i = 1; i <= 5; i++) {
                    requests += proxy.metric("gojinn_requests_total", "route", route, "status", i + "xx");
                }
            }
            assertThat(logged + access.lines().size()).isEqualTo((int) requests);
        });
        List<JsonNode> lines = access.lines();
        logged += lines.size();
        access.reset();
        List<StrictUpstream.Understood> answered = new ArrayList<>();
        List<StrictUpstream.Understood> forwarded = new ArrayList<>();
        for (JsonNode line : lines) {
            if (line.has("upstream")) {
                StrictUpstream.Understood request = new StrictUpstream.Understood(
                        line.get("method").asString(),
                        line.get("path").asString(),
                        line.get("request_bytes").asLong());
                (line.get("status").asInt() == 200 ? answered : forwarded).add(request);
            }
        }
        for (StrictUpstream.Understood request : List.copyOf(upstream.understood)) {
            upstream.understood.remove(request);
            String path =
                    request.path().substring(0, Math.min(1024, request.path().length()));
            StrictUpstream.Understood known =
                    new StrictUpstream.Understood(request.method(), path, request.bodyBytes());
            assertThat(answered.remove(known) || forwarded.remove(known))
                    .as("the upstream was asked %s, which no client did", request)
                    .isTrue();
        }
        assertThat(answered).as("answered, but never asked").isEmpty();
    }
}
