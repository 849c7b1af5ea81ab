package io.gojinn.proxy;

import static io.gojinn.proxy.Http2Client.frameBytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.gojinn.proxy.Http2Client.Head;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Frames in any order, whole and broken: every connection ends, every exchange ends, and nothing here is surprised. */
class Http2FuzzTest {
    private static final int CONNECTIONS = 1_500;
    private static final int MOST_FRAMES = 40;
    private static final long SECONDS = Long.getLong("gojinn.fuzz.seconds", 0);
    private static final long SEED = Long.getLong("gojinn.fuzz.seed", 20_261_121L);
    private static final List<String> PATHS = List.of("/respond", "/function", "/upstream", "/truncated", "/none");

    @Test
    void anyFramesLeaveNothingBehind() throws Exception {
        Logger log = (Logger) LoggerFactory.getLogger("io.gojinn");
        ListAppender<ILoggingEvent> surprises = new ListAppender<>();
        surprises.start();
        log.addAppender(surprises);
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        try (RawUpstream upstream = upstream();
                TestProxy proxy = TestProxy.with()
                        .respond("/respond", "a body")
                        .function("/function", FakeFunction.echo())
                        .upstream(upstream.config())
                        .start();
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (long first = 0; first == 0 || System.nanoTime() < endNanos; first += CONNECTIONS) {
                long seed = SEED + first;
                List<Future<?>> running = IntStream.range(0, CONNECTIONS)
                        .<Future<?>>mapToObj(i -> clients.submit(() -> converse(proxy, new Random(seed + i))))
                        .toList();
                for (Future<?> conversation : running) {
                    conversation.get();
                }
            }
            await().until(() -> proxy.metric("gojinn_open_connections", "listener", "web") == 0);
            for (String route : List.of("respond/respond", "function-0", "forward", "none")) {
                await().until(() -> proxy.metric("gojinn_active_requests", "route", route) == 0);
            }
            try (Http2Client client = Http2Client.connect(proxy)) {
                assertThat(client.request(1, Head.get("/respond")).response(1).body())
                        .isEqualTo("a body");
            }
        } finally {
            log.detachAppender(surprises);
        }
        assertThat(surprises.list)
                .as("seed %d", SEED)
                .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .isEmpty();
    }

    @Test
    void whatIsTranslatedCanBeReadInOneWayOnly() throws Exception {
        try (StrictUpstream upstream = new StrictUpstream();
                TestProxy proxy = TestProxy.forwardingTo(upstream.raw());
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            for (long first = 0; first == 0 || System.nanoTime() < endNanos; first += CONNECTIONS) {
                long seed = SEED + first;
                List<Future<?>> running = IntStream.range(0, CONNECTIONS)
                        .<Future<?>>mapToObj(i -> clients.submit(() -> ask(proxy, new Random(seed + i))))
                        .toList();
                for (Future<?> conversation : running) {
                    conversation.get();
                }
                assertThat(upstream.violations).as("seed %d", seed).isEmpty();
            }
            assertThat(upstream.understood).isNotEmpty();
        }
    }

    private static void ask(TestProxy proxy, Random random) {
        HostileRequests parts = new HostileRequests(random);
        try (Http2Client client = Http2Client.connect(proxy)) {
            for (int stream = 1; stream <= 5; stream += 2) {
                Head head = Head.request(parts.method(), parts.target());
                for (int i = random.nextInt(3); i > 0; i--) {
                    head = head.with(parts.name().toLowerCase(Locale.ROOT), parts.value());
                }
                int end = random.nextInt(2);
                client.send(frameBytes(Http2Client.HEADERS, Http2Client.END_HEADERS | end, stream, head.bytes()));
                if (end == 0) {
                    byte[] body = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
                    client.send(frameBytes(Http2Client.DATA, Http2Client.END_STREAM, stream, body));
                }
            }
            client.read();
            client.socket.shutdownOutput();
            client.isClosedByPeer();
        } catch (UncheckedIOException | IOException closed) {
            // The proxy has ended the connection first.
        }
    }

    private static RawUpstream upstream() {
        return new RawUpstream(peer -> {
            for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
                if (request.contains(" /truncated ")) {
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
                    return;
                }
                peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n");
            }
        });
    }

    private static void converse(TestProxy proxy, Random random) {
        Script script = new Script(random);
        try (Http2Client client = Http2Client.connect(proxy)) {
            int pieces = 1 + random.nextInt(3);
            for (int i = 0; i < pieces; i++) {
                client.send(script.frames());
                if (random.nextBoolean()) {
                    // Gives the proxy its turn between two pieces.
                    client.read();
                }
            }
            if (random.nextBoolean()) {
                client.socket.shutdownOutput();
                client.isClosedByPeer();
            }
        } catch (UncheckedIOException | IOException closed) {
            // The proxy has ended the connection first.
        }
    }

    /** What one client sends: mostly streams as they should be, so that the rest meets them in every state. */
    private static final class Script {
        private final Random random;
        private int next = 1;

        Script(Random random) {
            this.random = random;
        }

        byte[] frames() {
            ByteArrayOutputStream frames = new ByteArrayOutputStream();
            int count = random.nextInt(MOST_FRAMES);
            for (int i = 0; i < count; i++) {
                frames.writeBytes(frame());
            }
            byte[] all = frames.toByteArray();
            if (all.length > 0 && random.nextInt(8) == 0) {
                all[random.nextInt(all.length)] ^= (byte) (1 << random.nextInt(8));
            }
            return all;
        }

        private int known() {
            return random.nextInt(30) == 0 ? random.nextInt(40) : Math.max(1, next - 2 - 2 * random.nextInt(4));
        }

        private byte[] frame() {
            int flags = random.nextInt(12) == 0 ? random.nextInt(256) : 0;
            return switch (random.nextInt(16)) {
                case 0, 1, 2, 3, 4, 5 -> {
                    int stream = next;
                    next += 2;
                    int end = random.nextInt(2);
                    yield frameBytes(
                            Http2Client.HEADERS,
                            flags | Http2Client.END_HEADERS | end,
                            stream,
                            head(random).bytes());
                }
                case 6, 7, 8, 9 ->
                    frameBytes(
                            Http2Client.DATA, flags | random.nextInt(2), known(), new byte[random.nextInt(10) * 700]);
                case 10 -> frameBytes(Http2Client.RST_STREAM, flags, known(), Http2Client.integer(random.nextInt(14)));
                case 11 ->
                    frameBytes(
                            Http2Client.WINDOW_UPDATE,
                            flags,
                            random.nextBoolean() ? 0 : known(),
                            Http2Client.integer(
                                    random.nextInt(40) == 0 ? Integer.MAX_VALUE : 1 + random.nextInt(9000)));
                case 12 ->
                    frameBytes(
                            Http2Client.SETTINGS, flags, 0, setting(3 + random.nextInt(2), random.nextInt(3) * 40_000));
                case 13 -> frameBytes(Http2Client.PING, flags, 0, new byte[8]);
                case 14 ->
                    frameBytes(
                            Http2Client.HEADERS,
                            flags | Http2Client.END_HEADERS | Http2Client.END_STREAM,
                            known(),
                            new Head().with("x-trailer", "1").bytes());
                default -> frameBytes(0x10 + random.nextInt(100), flags, known(), new byte[random.nextInt(20)]);
            };
        }
    }

    private static Head head(Random random) {
        Head head = Head.request(random.nextBoolean() ? "GET" : "POST", PATHS.get(random.nextInt(PATHS.size())));
        return switch (random.nextInt(8)) {
            case 0 -> head.with("content-length", String.valueOf(random.nextInt(3) * 700));
            case 1 -> head.with("expect", "100-continue");
            case 2 -> head.with("x-large", "y".repeat(random.nextInt(40_000) % 16_000));
            case 3 -> new Head().with("x-trailer", "1");
            case 4 -> head.with("Bad", "1");
            default -> head;
        };
    }

    private static byte[] setting(int id, int value) {
        byte[] setting = new byte[6];
        setting[1] = (byte) id;
        System.arraycopy(Http2Client.integer(value), 0, setting, 2, 4);
        return setting;
    }
}
