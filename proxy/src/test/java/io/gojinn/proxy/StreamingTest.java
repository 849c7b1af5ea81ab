package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.listen.ListenerLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What many who do not read cost together. */
class StreamingTest {
    private static final int SLOW_EACH_WAY = 40;
    // Of each slow side: a read, and what a watermark lets pile up before and with the piece that crosses it.
    private static final long BOUND_BYTES = 2L * SLOW_EACH_WAY * 192 << 10;
    // What the allocator takes in advance.
    private static final long SLACK_BYTES = 16 << 20;
    private static final long ENDLESS = 1L << 40;
    private static final int FAST_BYTES = 16 << 20;

    @Test
    void slowOnesCostAConstantAndOthersAreServed() {
        AtomicInteger slow = new AtomicInteger();
        CountDownLatch over = new CountDownLatch(1);
        try (RawUpstream upstream = new RawUpstream(peer -> serve(peer, slow, over));
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            double before = proxy.metric("gojinn_direct_memory_bytes");
            List<RawClient> open = new ArrayList<>();
            for (int i = 0; i < SLOW_EACH_WAY; i++) {
                open.add(proxy.connect().get("/endless"));
                RawClient uploading = proxy.connect();
                open.add(uploading);
                clients.execute(() -> upload(uploading));
            }
            await().until(() -> slow.get() == 2 * SLOW_EACH_WAY);
            double most = 0;
            try (RawClient client = proxy.connect()) {
                for (int i = 0; i < 3; i++) {
                    assertThat(client.get("/fast").read().body()).hasSize(FAST_BYTES);
                    most = Math.max(most, proxy.metric("gojinn_direct_memory_bytes") - before);
                }
            }
            assertThat(most).isLessThan(BOUND_BYTES + SLACK_BYTES);
            open.forEach(RawClient::close);
        } finally {
            over.countDown();
        }
    }

    /** The kernel would take megabytes for it at once, and then nothing until a third of them had gone: nine seconds. */
    @Test
    void aTargetThatTakesABodySlowlyButSteadilyHasNotStalled() throws IOException {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.head();
                    readSlowly(peer.socket, 8 << 10);
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    peer.awaitEnd();
                });
                TestProxy proxy = TestProxy.with()
                        .upstream(TestPolicy.policy().idleTimeout(4_000).of(upstream))
                        .start();
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
                RawClient uploading = proxy.connect()) {
            clients.execute(() -> upload(uploading));
            assertThat(uploading.read().status()).isEqualTo(200);
        }
    }

    /** Pieces are of equal size: at two looks as much may wait for a client that has taken many in between. */
    @Test
    void clientsThatTakeABodySlowlyButSteadilyHaveNotStalled() {
        ListenerLimits limits = new ListenerLimits(64, 4096, 20, Duration.ofSeconds(2), Duration.ofSeconds(2));
        try (RawUpstream upstream = new RawUpstream(peer -> serve(peer, new AtomicInteger(), new CountDownLatch(1)));
                TestProxy proxy = TestProxy.with()
                        .limits(limits)
                        .upstream(TestPolicy.policy().of(upstream))
                        .start();
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> whole = new ArrayList<>();
            for (int i = 0; i < SLOW_EACH_WAY; i++) {
                whole.add(clients.submit(() -> {
                    try (RawClient client = proxy.connect()) {
                        return readSlowly(client.get("/endless").socket, 32 << 10);
                    }
                }));
            }
            assertThat(whole).allSatisfy(read -> assertThat(read.get()).isTrue());
        }
    }

    /** Eight seconds, a piece each 50 ms. Whether there was always one. */
    private static boolean readSlowly(Socket socket, int pieceBytes) throws IOException {
        for (int piece = 0; piece < 160; piece++) {
            if (socket.getInputStream().readNBytes(pieceBytes).length < pieceBytes) {
                return false;
            }
            LockSupport.parkNanos(50_000_000);
        }
        return true;
    }

    private static void serve(RawUpstream.Peer peer, AtomicInteger slow, CountDownLatch over) throws IOException {
        byte[] piece = new byte[64 << 10];
        for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
            if (head.startsWith("POST")) {
                slow.incrementAndGet();
                awaitUninterruptibly(over);
                return;
            }
            boolean endless = head.startsWith("GET /endless");
            if (endless) {
                slow.incrementAndGet();
            }
            long length = endless ? ENDLESS : FAST_BYTES;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n");
            for (long sent = 0; sent < length; sent += piece.length) {
                peer.socket.getOutputStream().write(piece);
            }
        }
    }

    private static void upload(RawClient client) {
        byte[] piece = new byte[64 << 10];
        client.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: " + ENDLESS + "\r\n\r\n");
        try {
            while (true) {
                client.send(piece);
            }
        } catch (UncheckedIOException closed) {
            // The test is over.
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
