package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.listen.ListenerLimits;
import io.gojinn.runtime.FunctionLimits;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Whoever does not read makes the other side wait, and the proxy hold next to nothing. */
class BackPressureTest {
    private static final int PIECE_BYTES = 64 << 10;
    private static final long TOTAL_BYTES = 64L << 20;
    // What the kernel's buffers of two loopback connections may hold beside the proxy's two watermarks and reads.
    private static final long HELD_BYTES = 24L << 20;

    @Test
    void aSlowReaderStopsTheUpstream() throws IOException {
        AtomicLong sent = new AtomicLong();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + TOTAL_BYTES + "\r\n\r\n");
                    byte[] piece = new byte[PIECE_BYTES];
                    Arrays.fill(piece, (byte) 'x');
                    while (sent.get() < TOTAL_BYTES) {
                        peer.socket.getOutputStream().write(piece);
                        sent.addAndGet(piece.length);
                    }
                    peer.awaitEnd();
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            client.get("/");
            long held = awaitStandstill(sent);
            assertThat(held).isLessThan(HELD_BYTES);
            RawClient.Response response = client.read();
            assertThat(response.whole()).isTrue();
            assertThat(response.body()).hasSize((int) TOTAL_BYTES);
        }
    }

    @Test
    void aSlowUpstreamStopsTheClient() throws Exception {
        AtomicLong sent = new AtomicLong();
        CountDownLatch read = new CountDownLatch(1);
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.head();
                    try {
                        read.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    peer.socket.getInputStream().skipNBytes(TOTAL_BYTES);
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    peer.awaitEnd();
                });
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + TOTAL_BYTES + "\r\n\r\n");
            Thread sender = Thread.ofVirtual().start(() -> {
                byte[] piece = new byte[PIECE_BYTES];
                while (sent.get() < TOTAL_BYTES) {
                    client.send(piece);
                    sent.addAndGet(piece.length);
                }
            });
            assertThat(awaitStandstill(sent)).isLessThan(HELD_BYTES);
            read.countDown();
            assertThat(client.read().body()).isEqualTo("ok");
            sender.join();
        }
    }

    @Test
    void aReaderThatStallsForGoodIsCutOff() {
        String large = "y".repeat(1 << 20);
        FakeFunction function = new FakeFunction(
                new FunctionLimits(Duration.ofSeconds(1), 1_000_000, 1 << 20, 64 << 20, 1000, 1, 1),
                invocation -> {
                    invocation.input();
                    FakeFunction.reply(invocation, 200, large.repeat(32));
                },
                new AtomicInteger());
        ListenerLimits limits = new ListenerLimits(10, 4096, 20, Duration.ofMillis(300), Duration.ofMillis(300));
        try (TestProxy proxy =
                        TestProxy.with().function("/f", function).limits(limits).start();
                RawClient client = proxy.connect()) {
            client.get("/f");
            await().until(() -> proxy.metric("gojinn_client_errors_total", "reason", "stalled") == 1);
            await().until(() -> proxy.metric("gojinn_open_connections", "listener", "web") == 0);
        }
    }

    private static long awaitStandstill(AtomicLong counter) {
        AtomicLong last = new AtomicLong(-1);
        await().pollInterval(Duration.ofMillis(300))
                .atMost(Duration.ofSeconds(30))
                .until(() -> {
                    long now = counter.get();
                    return now > 0 && now == last.getAndSet(now);
                });
        return counter.get();
    }
}
