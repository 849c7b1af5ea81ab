package io.gojinn.proxy;

import static io.gojinn.proxy.Http2Client.ACK;
import static io.gojinn.proxy.Http2Client.CONTINUATION;
import static io.gojinn.proxy.Http2Client.DATA;
import static io.gojinn.proxy.Http2Client.END_HEADERS;
import static io.gojinn.proxy.Http2Client.END_STREAM;
import static io.gojinn.proxy.Http2Client.ENHANCE_YOUR_CALM;
import static io.gojinn.proxy.Http2Client.FLOW_CONTROL_ERROR;
import static io.gojinn.proxy.Http2Client.GOAWAY;
import static io.gojinn.proxy.Http2Client.HEADERS;
import static io.gojinn.proxy.Http2Client.NO_ERROR;
import static io.gojinn.proxy.Http2Client.PADDED;
import static io.gojinn.proxy.Http2Client.PING;
import static io.gojinn.proxy.Http2Client.PRIORITY;
import static io.gojinn.proxy.Http2Client.PROTOCOL_ERROR;
import static io.gojinn.proxy.Http2Client.REFUSED_STREAM;
import static io.gojinn.proxy.Http2Client.RST_STREAM;
import static io.gojinn.proxy.Http2Client.SETTINGS;
import static io.gojinn.proxy.Http2Client.WINDOW_UPDATE;
import static io.gojinn.proxy.Http2Client.frameBytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.Http2Client.Frame;
import io.gojinn.proxy.Http2Client.Head;
import io.gojinn.proxy.http.Http2Limits;
import io.gojinn.proxy.listen.ListenerLimits;
import io.gojinn.proxy.listen.Protocol;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.WireConfig;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who only makes work is told to calm down and left, with a metric for each way; who stays below the limits is served. */
class Http2FloodTest {
    private static final int STREAMS = 4;
    private static final int RESETS = 20;
    private static final int CONTROL_FRAMES = 50;
    private static final Http2Limits LIMITS = new Http2Limits(STREAMS, 1 << 20, RESETS, CONTROL_FRAMES);

    private static TestProxy.Builder proxy() {
        return TestProxy.with().http2(LIMITS).respond("/", "hi");
    }

    private static ListenerLimits times(Duration header, Duration idle) {
        return new ListenerLimits(100, 4096, 20, header, idle);
    }

    private static double faults(TestProxy proxy, String reason) {
        return proxy.metric("gojinn_http2_faults_total", "listener", "web", "reason", reason);
    }

    static Stream<Arguments> floods() {
        return Stream.of(
                Arguments.of("pings", frameBytes(PING, 0, 0, new byte[8])),
                Arguments.of("pings", frameBytes(PING, ACK, 0, new byte[8])),
                Arguments.of("settings", frameBytes(SETTINGS, 0, 0)),
                Arguments.of("priorities", frameBytes(PRIORITY, 0, 3, new byte[] {0, 0, 0, 0, 7})),
                Arguments.of("window_updates", frameBytes(WINDOW_UPDATE, 0, 0, Http2Client.integer(1))),
                Arguments.of("empty_data", frameBytes(DATA, 0, 1)),
                Arguments.of("empty_data", frameBytes(DATA, PADDED, 1, (byte) 3, (byte) 0, (byte) 0, (byte) 0)),
                Arguments.of("resets", frameBytes(RST_STREAM, 0, 1, Http2Client.integer(8))),
                Arguments.of("other_frames", frameBytes(0x42, 0, 0, (byte) 1)));
    }

    @ParameterizedTest(name = "{0} {index}")
    @MethodSource("floods")
    void aFloodOfOneKindOfFrameEndsTheConnection(String reason, byte[] frame) {
        int limit = reason.equals("resets") ? RESETS : CONTROL_FRAMES;
        try (TestProxy proxy = proxy().function("/f", waiting(new CountDownLatch(1), new AtomicInteger()))
                .start()) {
            try (Http2Client client = Http2Client.connect(proxy)) {
                // A stream that waits, for the frames that need one.
                client.open(1, Head.request("POST", "/f"));
                // The first SETTINGS count as well.
                for (int i = 0; i < limit - 2; i++) {
                    client.send(frame);
                }
                assertThat(client.request(3, Head.get("/")).response(3).body()).isEqualTo("hi");
                assertThat(faults(proxy, reason)).isZero();
                flood(client, frame, 3 * limit);
                assertThat(client.goAway().error()).isEqualTo(ENHANCE_YOUR_CALM);
                assertThat(client.isClosedByPeer()).isTrue();
                assertThat(faults(proxy, reason)).isEqualTo(1);
            }
            await().until(() -> proxy.metric("gojinn_open_connections", "listener", "web") == 0);
        }
    }

    private static void flood(Http2Client client, byte[] frame, int times) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < times; i++) {
            all.writeBytes(frame);
        }
        try {
            client.send(all.toByteArray());
        } catch (UncheckedIOException closed) {
            // What is left to read tells why.
        }
    }

    /** CVE-2023-44487: each stream is opened and reset at once, so that no limit on open ones is met. */
    @Test
    void rapidResetEndsTheConnectionAndCancelsEveryFunction() {
        AtomicInteger running = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        FakeFunction function = waiting(end, running);
        try (TestProxy proxy = proxy().function("/f", function).start();
                Http2Client client = Http2Client.connect(proxy)) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            byte[] head = Head.get("/f").bytes();
            for (int stream = 1; stream < 2 * 1000; stream += 2) {
                all.writeBytes(frameBytes(HEADERS, END_HEADERS | END_STREAM, stream, head));
                all.writeBytes(frameBytes(RST_STREAM, 0, stream, Http2Client.integer(8)));
            }
            flood(client, all.toByteArray(), 1);
            Frame goAway = client.goAway();
            assertThat(goAway.error()).isEqualTo(ENHANCE_YOUR_CALM);
            assertThat(goAway.lastStream()).isLessThan(2 * (RESETS + 3));
            assertThat(faults(proxy, "resets")).isEqualTo(1);
            await().until(() -> running.get() == function.cancelled().get());
            assertThat(running.get()).isLessThanOrEqualTo(RESETS + 1);
            end.countDown();
        }
    }

    /** CVE-2025-8671: the client breaks a rule in each stream so that the server resets it. */
    @Test
    void makingTheServerResetIsARapidResetToo() {
        try (TestProxy proxy = proxy().start();
                Http2Client client = Http2Client.connect(proxy)) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (int stream = 1; stream < 2 * 100; stream += 2) {
                all.writeBytes(
                        frameBytes(HEADERS, END_HEADERS, stream, Head.get("/").bytes()));
                all.writeBytes(frameBytes(WINDOW_UPDATE, 0, stream, Http2Client.integer(0)));
            }
            flood(client, all.toByteArray(), 1);
            assertThat(client.goAway().error()).isEqualTo(ENHANCE_YOUR_CALM);
            assertThat(faults(proxy, "resets")).isEqualTo(1);
        }
    }

    /** Closed with bytes unread, the connection would be reset, and what was sent before could be lost with it. */
    @Test
    void whoIsToldToGoMaySendOnUntilItHasReadWhy() throws InterruptedException {
        try (TestProxy proxy = proxy().start();
                Http2Client client = Http2Client.connect(proxy)) {
            byte[] ping = frameBytes(PING, 0, 0, new byte[8]);
            flood(client, ping, 2 * CONTROL_FRAMES);
            await().until(() -> faults(proxy, "pings") == 1);
            for (int i = 0; i < 20; i++) {
                client.send(ping);
                // For what answers it to arrive: a reset fails the next one.
                Thread.sleep(10);
            }
            assertThat(client.goAway().error()).isEqualTo(ENHANCE_YOUR_CALM);
            await().until(() -> proxy.metric("gojinn_open_connections", "listener", "web") == 0);
        }
    }

    @Test
    void aStreamBeyondTheLimitIsRefusedAndTheOthersGoOn() {
        AtomicInteger running = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        try (TestProxy proxy = proxy().function("/f", waiting(end, running)).start();
                Http2Client client = Http2Client.connect(proxy)) {
            for (int i = 0; i < STREAMS; i++) {
                client.request(1 + 2 * i, Head.get("/f"));
            }
            int refused = 1 + 2 * STREAMS;
            client.open(refused, Head.request("POST", "/f")).data(refused, "on its way", true);
            assertThat(client.await(RST_STREAM, refused).error()).isEqualTo(REFUSED_STREAM);
            assertThat(faults(proxy, "streams")).isEqualTo(1);
            end.countDown();
            for (int i = 0; i < STREAMS; i++) {
                assertThat(client.response(1 + 2 * i).status()).isEqualTo(200);
            }
            assertThat(client.request(refused + 2, Head.get("/"))
                            .response(refused + 2)
                            .body())
                    .isEqualTo("hi");
            assertThat(running).hasValue(STREAMS);
        }
    }

    @Test
    void aHeaderBlockOfTooManyFramesEndsTheConnection() {
        try (TestProxy proxy = proxy().start();
                Http2Client client = Http2Client.connect(proxy)) {
            client.frame(HEADERS, END_STREAM, 1, Head.get("/").bytes());
            flood(client, frameBytes(CONTINUATION, 0, 1), 100);
            assertThat(client.goAway().error()).isEqualTo(ENHANCE_YOUR_CALM);
            assertThat(faults(proxy, "continuations")).isEqualTo(1);
        }
    }

    @Test
    void aHeaderBlockOfTooManyBytesEndsTheConnection() {
        try (TestProxy proxy = proxy().limits(times(Duration.ofSeconds(5), Duration.ofSeconds(5)))
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            byte[] field = new Head().with("x", "y".repeat(8000)).bytes();
            client.frame(HEADERS, END_STREAM, 1, Head.get("/").bytes());
            flood(client, frameBytes(CONTINUATION, 0, 1, field), 10);
            assertThat(client.goAway().error()).isEqualTo(ENHANCE_YOUR_CALM);
            assertThat(faults(proxy, "continuations")).isEqualTo(1);
        }
    }

    /** HPACK bomb: a large field in the dynamic table, referred to by single bytes. */
    @Test
    void aSmallBlockThatBecomesALargeListIsRefused() {
        try (TestProxy proxy = proxy().limits(times(Duration.ofSeconds(5), Duration.ofSeconds(5)))
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            byte[] literal = new Head().with("x", "y".repeat(3000)).bytes();
            literal[0] = 0x40; // with incremental indexing
            ByteArrayOutputStream bomb = new ByteArrayOutputStream();
            bomb.writeBytes(Head.get("/").bytes());
            bomb.writeBytes(literal);
            for (int i = 0; i < 10_000; i++) {
                bomb.write(0x80 | 62);
            }
            client.frame(HEADERS, END_HEADERS | END_STREAM, 1, bomb.toByteArray());
            assertThat(client.response(1).status()).isEqualTo(431);
            assertThat(client.request(3, Head.get("/")).response(3).body()).isEqualTo("hi");
        }
    }

    @Test
    void aTableThatTheClientOffersIsNotFilled() {
        AtomicInteger answers = new AtomicInteger();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    while (!peer.request().isEmpty()) {
                        String distinct = answers.incrementAndGet() + "z".repeat(500);
                        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Distinct: " + distinct + "\r\n\r\n");
                    }
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                Http2Client client = Http2Client.connect(proxy)) {
            // SETTINGS_HEADER_TABLE_SIZE, far beyond what this client keeps: it would lose its place.
            client.frame(SETTINGS, 0, 0, (byte) 0, (byte) 1, (byte) 0x7f, (byte) 0, (byte) 0, (byte) 0);
            for (int i = 0; i < 50; i++) {
                Http2Client.Response response =
                        client.request(1 + 2 * i, Head.get("/")).response(1 + 2 * i);
                assertThat(response.headers().get("x-distinct")).startsWith((i + 1) + "z");
            }
        }
    }

    @Test
    void aHeaderBlockThatDoesNotComeToItsEndEndsTheConnection() {
        try (TestProxy proxy = proxy().limits(times(Duration.ofMillis(300), Duration.ofSeconds(30)))
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            assertThat(client.request(1, Head.get("/")).response(1).body()).isEqualTo("hi");
            client.frame(HEADERS, END_STREAM, 3, Head.get("/").bytes());
            assertThat(client.goAway().error()).isEqualTo(ENHANCE_YOUR_CALM);
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(faults(proxy, "slow")).isEqualTo(1);
        }
    }

    @Test
    void aFrameThatDoesNotComeToItsEndEndsTheConnection() {
        try (TestProxy proxy = proxy().limits(times(Duration.ofMillis(300), Duration.ofSeconds(30)))
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            assertThat(client.request(1, Head.get("/")).response(1).body()).isEqualTo("hi");
            client.send(new byte[] {0, 0, 8, PING});
            assertThat(client.goAway().error()).isEqualTo(ENHANCE_YOUR_CALM);
            assertThat(faults(proxy, "slow")).isEqualTo(1);
        }
    }

    @Test
    void aPrefaceThatDoesNotComeToItsEndEndsTheConnection() {
        try (TestProxy proxy = proxy().limits(times(Duration.ofMillis(300), Duration.ofSeconds(30)))
                        .start();
                Http2Client silent = Http2Client.silent(proxy);
                Http2Client half = Http2Client.silent(proxy);
                Http2Client without = Http2Client.silent(proxy)) {
            half.send("PRI * HTTP/2.0\r\n".getBytes(StandardCharsets.US_ASCII));
            without.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(silent.isClosedByPeer()).isTrue();
            assertThat(half.isClosedByPeer()).isTrue();
            assertThat(without.isClosedByPeer()).isTrue();
            assertThat(faults(proxy, "slow")).isEqualTo(1);
        }
    }

    @Test
    void aConnectionWithoutStreamsIsLeftAlsoWhenItPings() {
        try (TestProxy proxy = proxy().limits(times(Duration.ofMillis(200), Duration.ofMillis(600)))
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            assertThat(client.request(1, Head.get("/")).response(1).body()).isEqualTo("hi");
            client.frame(PING, 0, 0, new byte[8]);
            Frame goAway = client.goAway();
            assertThat(goAway.error()).isEqualTo(NO_ERROR);
            assertThat(goAway.lastStream()).isEqualTo(1);
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void aBodyThatStopsIsAnsweredAndTheConnectionGoesOn() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .limits(times(Duration.ofSeconds(5), Duration.ofMillis(300)))
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, Head.request("POST", "/").with("content-length", "10"))
                    .data(1, "abc", false);
            assertThat(client.response(1).status()).isEqualTo(408);
            assertThat(client.await(RST_STREAM, 1).error()).isEqualTo(NO_ERROR);
            assertThat(client.request(3, Head.get("/")).response(3).status()).isEqualTo(200);
            assertThat(proxy.metric("gojinn_client_errors_total", "reason", "body_timeout"))
                    .isEqualTo(1);
        }
    }

    @Test
    void aReaderThatGivesNoWindowIsCutOffAndTheOthersAreServed() {
        try (TestProxy proxy = TestProxy.with()
                        .respond("/", "hi")
                        .respond("/large", "y".repeat(200_000))
                        .limits(times(Duration.ofSeconds(5), Duration.ofMillis(400)))
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            client.windowUpdate(0, 1 << 20);
            client.request(1, Head.get("/large"));
            assertThat(client.request(3, Head.get("/")).response(3).body()).isEqualTo("hi");
            assertThat(client.await(RST_STREAM, 1).error()).isEqualTo(Http2Client.CANCEL);
            assertThat(client.request(5, Head.get("/")).response(5).body()).isEqualTo("hi");
            assertThat(proxy.metric("gojinn_client_errors_total", "reason", "stalled"))
                    .isEqualTo(1);
        }
    }

    @Test
    void whatNobodyWantsYetIsHeldWithinTheWindowAndInLittleMemory() throws IOException {
        try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                SocketQueue full = SocketQueue.filling(deaf);
                TestProxy proxy = TestProxy.with()
                        .upstream(new UpstreamConfig(
                                "app",
                                List.of(new UpstreamConfig.Target("127.0.0.1", deaf.getLocalPort(), false)),
                                Duration.ofSeconds(30),
                                Duration.ofSeconds(30),
                                1,
                                WireConfig.defaults()))
                        .loops(1)
                        .grace(Duration.ZERO)
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            assertThat(full.sockets()).isNotEmpty();
            // Nobody takes the body before the connection to the upstream is there, which it never is.
            client.open(1, Head.request("POST", "/"));
            ping(client, 1);
            long before = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
            // One byte a frame, in packets of some: what is kept must not keep the buffers they are read into.
            ByteArrayOutputStream some = new ByteArrayOutputStream();
            for (int i = 0; i < 60; i++) {
                some.writeBytes(frameBytes(DATA, 0, 1, (byte) 'x'));
            }
            for (int i = 0; i < 1000; i++) {
                client.send(some.toByteArray());
            }
            ping(client, 2);
            assertThat(PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory() - before)
                    .isLessThan(8L << 20);
        }
    }

    private static void ping(Http2Client client, long data) {
        client.frame(PING, 0, 0, ByteBuffer.allocate(8).putLong(data).array());
        client.await(frame ->
                frame.type() == PING && frame.flags() == ACK && frame.payload().getLong(0) == data);
    }

    /** Connections that wait in a listening socket until it takes no more. */
    private record SocketQueue(List<Socket> sockets) implements AutoCloseable {
        static SocketQueue filling(ServerSocket server) throws IOException {
            List<Socket> sockets = new ArrayList<>();
            while (true) {
                Socket socket = new Socket();
                try {
                    socket.connect(server.getLocalSocketAddress(), 300);
                    sockets.add(socket);
                } catch (SocketTimeoutException full) {
                    socket.close();
                    return new SocketQueue(sockets);
                }
            }
        }

        @Override
        public void close() throws IOException {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Http2Limits.STREAM_WINDOW, 1 << 20})
    void moreThanAWindowAllowsIsAViolation(int connectionWindow) {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.head();
                    peer.socket.getInputStream().skipNBytes(1);
                });
                TestProxy proxy = TestProxy.with()
                        .http2(new Http2Limits(STREAMS, connectionWindow, RESETS, CONTROL_FRAMES))
                        .upstream(upstream.config())
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, Head.request("POST", "/"));
            byte[] all = new byte[64 << 20];
            for (int at = 0; at < all.length; ) {
                byte[] frame = frameBytes(DATA, 0, 1, new byte[16_384]);
                int length = Math.min(frame.length, all.length - at);
                System.arraycopy(frame, 0, all, at, length);
                at += length;
            }
            flood(client, all, 1);
            Frame violation = client.await(frame -> frame.type() == RST_STREAM || frame.type() == GOAWAY);
            assertThat(violation.error()).isEqualTo(FLOW_CONTROL_ERROR);
            assertThat(violation.type()).isEqualTo(connectionWindow == Http2Limits.STREAM_WINDOW ? GOAWAY : RST_STREAM);
        }
    }

    @Test
    void aPrefaceThatIsWrongIsAViolation() {
        try (TestProxy proxy = proxy().protocols(Protocol.HTTP_2).start();
                RawClient http1 = proxy.connect();
                Http2Client client = Http2Client.connect(proxy)) {
            http1.get("/");
            while (!http1.isClosedByPeer()) {
                // SETTINGS and GOAWAY
            }
            assertThat(faults(proxy, "protocol")).isEqualTo(1);
            client.frame(DATA, 0, 0, (byte) 1);
            assertThat(client.goAway().error()).isEqualTo(PROTOCOL_ERROR);
            assertThat(faults(proxy, "protocol")).isEqualTo(2);
        }
    }

    private static FakeFunction waiting(CountDownLatch end, AtomicInteger running) {
        return new FakeFunction(invocation -> {
            running.incrementAndGet();
            invocation.input();
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            FakeFunction.reply(invocation, 200, "done");
        });
    }
}
