package io.gojinn.proxy;

import static io.gojinn.proxy.Http2Client.ACK;
import static io.gojinn.proxy.Http2Client.GOAWAY;
import static io.gojinn.proxy.Http2Client.NO_ERROR;
import static io.gojinn.proxy.Http2Client.PING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.Http2Client.Frame;
import io.gojinn.proxy.Http2Client.Head;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** A drain tells twice, so that what is on its way is answered (RFC 9113, 6.8). */
class Http2DrainTest {
    private final CountDownLatch running = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);
    private final FakeFunction function = new FakeFunction(invocation -> {
        invocation.input();
        running.countDown();
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        FakeFunction.reply(invocation, 200, "done");
    });

    private TestProxy proxy(Duration grace) {
        return TestProxy.with()
                .function("/f", function)
                .respond("/", "hi")
                .grace(grace)
                .start();
    }

    private static CompletableFuture<Integer> drain(TestProxy proxy) {
        return CompletableFuture.supplyAsync(() -> proxy.server().drain());
    }

    @Test
    void streamsThatCrossTheFirstGoAwayAreAnswered() {
        try (TestProxy proxy = proxy(Duration.ofSeconds(20));
                Http2Client client = Http2Client.connect(proxy)) {
            client.request(1, Head.get("/f"));
            await().until(() -> running.getCount() == 0);
            CompletableFuture<Integer> cutOff = drain(proxy);
            Frame first = client.goAway();
            assertThat(first.error()).isEqualTo(NO_ERROR);
            assertThat(first.lastStream()).isEqualTo(Integer.MAX_VALUE);
            // Sent before the client has seen it, as far as the proxy can tell.
            client.request(3, Head.get("/"));
            assertThat(client.response(3).body()).isEqualTo("hi");
            Frame ping = client.await(frame -> frame.type() == PING && (frame.flags() & ACK) == 0);
            client.frame(PING, ACK, 0, ping.bytes());
            Frame second = client.goAway();
            assertThat(second.error()).isEqualTo(NO_ERROR);
            assertThat(second.lastStream()).isEqualTo(3);
            assertThat(cutOff).isNotDone();
            end.countDown();
            assertThat(client.response(1).body()).isEqualTo("done");
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(cutOff.join()).isZero();
        }
    }

    @Test
    void aClientThatDoesNotAnswerThePingIsToldAllTheSame() {
        try (TestProxy proxy = proxy(Duration.ofSeconds(20));
                Http2Client client = Http2Client.connect(proxy)) {
            assertThat(client.request(1, Head.get("/")).response(1).body()).isEqualTo("hi");
            CompletableFuture<Integer> cutOff = drain(proxy);
            assertThat(client.goAway().lastStream()).isEqualTo(Integer.MAX_VALUE);
            assertThat(client.await(GOAWAY, 0).lastStream()).isEqualTo(1);
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(cutOff.join()).isZero();
        }
    }

    @Test
    void aConnectionWithoutAByteEndsWithTheDrain() {
        try (TestProxy proxy = proxy(Duration.ofSeconds(20));
                Http2Client client = Http2Client.silent(proxy)) {
            await().until(() -> proxy.metric("gojinn_open_connections", "listener", "web") == 1);
            assertThat(proxy.server().drain()).isZero();
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void streamsThatOutliveTheGraceAreCutOffAndCounted() {
        try (TestProxy proxy = proxy(Duration.ofMillis(200));
                Http2Client client = Http2Client.connect(proxy)) {
            client.request(1, Head.get("/f")).request(3, Head.get("/f"));
            await().until(() -> running.getCount() == 0);
            await().until(() -> proxy.metric("gojinn_active_requests", "route", "function-0") == 2);
            assertThat(proxy.server().drain()).isEqualTo(2);
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(function.cancelled()).hasValue(2);
            end.countDown();
        }
    }
}
