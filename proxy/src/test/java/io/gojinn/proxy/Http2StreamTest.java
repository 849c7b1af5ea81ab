package io.gojinn.proxy;

import static io.gojinn.proxy.Http2Client.CANCEL;
import static io.gojinn.proxy.Http2Client.DATA;
import static io.gojinn.proxy.Http2Client.END_HEADERS;
import static io.gojinn.proxy.Http2Client.END_STREAM;
import static io.gojinn.proxy.Http2Client.HEADERS;
import static io.gojinn.proxy.Http2Client.INTERNAL_ERROR;
import static io.gojinn.proxy.Http2Client.NO_ERROR;
import static io.gojinn.proxy.Http2Client.RST_STREAM;
import static io.gojinn.proxy.Http2Client.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.Http2Client.Frame;
import io.gojinn.proxy.Http2Client.Head;
import io.gojinn.proxy.Http2Client.Response;
import io.gojinn.proxy.http.Http2Limits;
import io.gojinn.runtime.FunctionFailure;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A stream carries one exchange, with its pace and its end, and no other stream notices. */
class Http2StreamTest {
    @Test
    void exchangesOfOneConnectionAreAnsweredAsTheyAreReady() {
        CountDownLatch end = new CountDownLatch(1);
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .respond("/respond", "hi")
                        .function("/slow", waiting(end, new AtomicInteger()))
                        .function("/echo", FakeFunction.echo())
                        .upstream(upstream.config())
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            client.request(1, Head.get("/slow"))
                    .request(3, Head.get("/respond"))
                    .open(5, Head.request("POST", "/echo"))
                    .request(7, Head.get("/upstream?x"))
                    .data(5, "body", true);
            assertThat(client.response(7).body()).startsWith("GET /upstream?x HTTP/1.1\r\n");
            assertThat(client.response(5).body()).contains("\"body\":\"body\"");
            assertThat(client.response(3).body()).isEqualTo("hi");
            end.countDown();
            Response slow = client.response(1);
            assertThat(slow.body()).isEqualTo("done");
            assertThat(slow.headers())
                    .containsKeys("date", "content-length")
                    .containsEntry("x-from", "function")
                    .doesNotContainKeys("connection", "transfer-encoding");
        }
    }

    @Test
    void anAnswerWithoutABodyIsOneFrame() {
        try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n");
                TestProxy proxy = TestProxy.with()
                        .respond("/hi", "hi")
                        .upstream(upstream.config())
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            Response head = client.request(1, Head.request("HEAD", "/hi")).response(1);
            assertThat(head.frames()).isEqualTo(1);
            assertThat(head.headers()).containsEntry("content-length", "2");
            Response unchanged = client.request(3, Head.get("/")).response(3);
            assertThat(unchanged.status()).isEqualTo(304);
            assertThat(unchanged.frames()).isEqualTo(1);
        }
    }

    @Test
    void failuresAreAnsweredOnTheirStream() {
        try (TestProxy proxy = TestProxy.with()
                        .function("/trap", FakeFunction.failing(FunctionFailure.TRAP))
                        .respond("/hi", "hi")
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            assertThat(client.request(1, Head.get("/trap")).response(1).status())
                    .isEqualTo(500);
            assertThat(client.request(3, Head.get("/none")).response(3).status())
                    .isEqualTo(404);
            client.open(5, Head.request("POST", "/trap").with("content-length", "2000000"));
            assertThat(client.response(5).status()).isEqualTo(413);
            assertThat(client.await(RST_STREAM, 5).error()).isEqualTo(NO_ERROR);
            assertThat(client.request(7, Head.get("/hi")).response(7).body()).isEqualTo("hi");
        }
    }

    @Test
    void aClientThatWaitsIsToldToContinueWhenTheBodyIsWanted() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                Http2Client client = Http2Client.connect(proxy)) {
            client.open(
                    1, Head.request("POST", "/").with("expect", "100-continue").with("content-length", "4"));
            assertThat(client.response(1).status()).isEqualTo(100);
            client.data(1, "body", true);
            assertThat(client.response(1).body()).endsWith("\r\n\r\nbody").doesNotContain("expect");
        }
    }

    @Test
    void interimAnswersAndTrailersOfAnUpstreamArePassedOn() {
        String response = String.join(
                "\r\n",
                "HTTP/1.1 103 Early Hints",
                "Link: </style.css>",
                "",
                "HTTP/1.1 200 OK",
                "Transfer-Encoding: chunked",
                "Connection: x-hop",
                "X-Hop: 1",
                "",
                "4",
                "body",
                "0",
                "Grpc-Status: 0",
                "",
                "");
        try (RawUpstream upstream = RawUpstream.answering(response);
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                Http2Client client = Http2Client.connect(proxy)) {
            for (int stream = 1; stream < 5; stream += 2) {
                Response hints = client.request(stream, Head.get("/")).response(stream);
                assertThat(hints.status()).isEqualTo(103);
                assertThat(hints.headers()).containsEntry("link", "</style.css>");
                Response whole = client.response(stream);
                assertThat(whole.body()).isEqualTo("body");
                assertThat(whole.trailers()).containsEntry("grpc-status", "0");
                assertThat(whole.headers()).doesNotContainKeys("transfer-encoding", "connection", "x-hop");
            }
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void aTruncatedAnswerIsResetAndNeverEndsCleanly() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                Http2Client client = Http2Client.connect(proxy)) {
            Response truncated = client.request(1, Head.get("/")).response(1);
            assertThat(truncated.body()).isEqualTo("abc");
            assertThat(truncated.reset()).isEqualTo(INTERNAL_ERROR);
            assertThat(client.request(3, Head.get("/")).response(3).reset()).isEqualTo(INTERNAL_ERROR);
        }
    }

    @Test
    void aResetCancelsTheFunction() {
        AtomicInteger running = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        FakeFunction function = waiting(end, running);
        try (TestProxy proxy = TestProxy.with()
                        .function("/f", function)
                        .respond("/", "hi")
                        .start();
                Http2Client client = Http2Client.connect(proxy)) {
            client.request(1, Head.get("/f"));
            await().until(() -> running.get() == 1);
            client.reset(1, CANCEL);
            await().until(() -> function.cancelled().get() == 1);
            assertThat(proxy.metric("gojinn_client_errors_total", "reason", "aborted"))
                    .isEqualTo(1);
            assertThat(client.request(3, Head.get("/")).response(3).body()).isEqualTo("hi");
            end.countDown();
        }
    }

    @Test
    void aConnectionThatGoesAwayCancelsAllItsStreams() {
        AtomicInteger running = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        FakeFunction function = waiting(end, running);
        try (TestProxy proxy = TestProxy.with().function("/f", function).start()) {
            try (Http2Client client = Http2Client.connect(proxy)) {
                for (int stream = 1; stream < 11; stream += 2) {
                    client.request(stream, Head.get("/f"));
                }
                await().until(() -> running.get() == 5);
            }
            await().until(() -> function.cancelled().get() == 5);
            end.countDown();
        }
    }

    @Test
    void aResetAbortsTheRequestToTheUpstream() {
        AtomicBoolean aborted = new AtomicBoolean();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    if (peer.head().startsWith("POST")) {
                        peer.awaitEnd();
                        aborted.set(true);
                    } else {
                        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    }
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, Head.request("POST", "/")).data(1, "abc", false);
            await().until(() -> upstream.connections.get() == 1);
            client.reset(1, CANCEL);
            await().untilTrue(aborted);
            assertThat(client.request(3, Head.get("/")).response(3).body()).isEqualTo("ok");
        }
    }

    @Test
    void anAnswerBeforeTheEndOfTheBodyIsWholeAndStopsTheBody() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.head();
                    peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
                    peer.awaitEnd();
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                Http2Client client = Http2Client.connect(proxy)) {
            for (int stream = 1; stream < 7; stream += 2) {
                client.open(stream, Head.request("POST", "/")).data(stream, "abc", false);
                Response early = client.response(stream);
                assertThat(early.status()).isEqualTo(403);
                assertThat(early.body()).isEqualTo("no");
                assertThat(client.await(RST_STREAM, stream).error()).isEqualTo(NO_ERROR);
                client.data(stream, "on its way", true);
            }
        }
    }

    @Test
    void aStreamThatIsNotReadStopsItsUpstreamAndNoOther() {
        AtomicLong sent = new AtomicLong();
        byte[] piece = new byte[64 << 10];
        Arrays.fill(piece, (byte) 'x');
        long total = 16L << 20;
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    if (peer.request().startsWith("GET /large")) {
                        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + total + "\r\n\r\n");
                        while (sent.get() < total) {
                            peer.socket.getOutputStream().write(piece);
                            sent.addAndGet(piece.length);
                        }
                    } else {
                        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    }
                    peer.awaitEnd();
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                Http2Client client = Http2Client.connect(proxy)) {
            client.windowUpdate(0, 1 << 30).request(1, Head.get("/large"));
            // The stream's window is what goes out, the rest is the kernel's buffers to the upstream.
            await().pollInterval(Duration.ofMillis(300)).until(() -> standsStill(sent));
            assertThat(sent.get()).isLessThan(total - (4L << 20));
            assertThat(client.request(3, Head.get("/small")).response(3).body()).isEqualTo("ok");
            Response large = client.response(1);
            assertThat(large.reset()).isEqualTo(-1);
            assertThat(large.body()).hasSize((int) total);
        }
    }

    private final AtomicLong lastSent = new AtomicLong(-1);

    private boolean standsStill(AtomicLong counter) {
        long now = counter.get();
        return now > 0 && now == lastSent.getAndSet(now);
    }

    @Test
    void anUpstreamThatDoesNotReadKeepsTheWindowAndNoOtherStreams() throws Exception {
        CountDownLatch read = new CountDownLatch(1);
        long total = 8L << 20;
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.socket.setReceiveBufferSize(64 << 10);
                    if (peer.head().startsWith("POST /large")) {
                        waitFor(read);
                        peer.socket.getInputStream().skipNBytes(total);
                    }
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    peer.awaitEnd();
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, Head.request("POST", "/large").with("content-length", String.valueOf(total)));
            AtomicLong given = new AtomicLong();
            AtomicLong connection = new AtomicLong(Http2Limits.STREAM_WINDOW);
            AtomicLong stream = new AtomicLong(Http2Limits.STREAM_WINDOW);
            Thread sender = Thread.ofVirtual().start(() -> {
                byte[] piece = new byte[16_000];
                while (given.get() < total) {
                    int length = (int) Math.min(piece.length, total - given.get());
                    while (stream.get() < length || connection.get() < length) {
                        Frame update = client.await(frame -> frame.type() == WINDOW_UPDATE && frame.stream() < 2);
                        (update.stream() == 0 ? connection : stream)
                                .addAndGet(update.payload().getInt(0));
                    }
                    given.addAndGet(length);
                    stream.addAndGet(-length);
                    connection.addAndGet(-length);
                    boolean last = given.get() == total;
                    client.frame(DATA, last ? END_STREAM : 0, 1, Arrays.copyOf(piece, length));
                }
            });
            await().pollInterval(Duration.ofMillis(300)).until(() -> standsStill(given));
            // Windows, the watermark and the kernel's buffers: all of the body is more.
            assertThat(given.get()).isLessThan(total);
            try (Http2Client other = Http2Client.connect(proxy)) {
                assertThat(other.request(1, Head.get("/small")).response(1).body())
                        .isEqualTo("ok");
            }
            read.countDown();
            sender.join();
            assertThat(client.response(1).body()).isEqualTo("ok");
        }
    }

    @Test
    void aBodyInManySmallFramesReachesTheFunctionWhole() {
        try (TestProxy proxy =
                        TestProxy.with().function("/f", FakeFunction.echo()).start();
                Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, Head.request("POST", "/f"));
            for (int i = 0; i < 2_000; i++) {
                client.data(1, String.valueOf(i % 10), false);
            }
            client.frame(
                    HEADERS,
                    END_HEADERS | END_STREAM,
                    1,
                    new Head().with("x-checksum", "1").bytes());
            assertThat(client.response(1).body()).contains("\"body\":\"" + "0123456789".repeat(200) + '"');
        }
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static FakeFunction waiting(CountDownLatch end, AtomicInteger running) {
        return new FakeFunction(invocation -> {
            running.incrementAndGet();
            invocation.input();
            waitFor(end);
            FakeFunction.reply(invocation, 200, "done");
        });
    }
}
