package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class DrainTest {
    /** Clients that never pause, some on one connection, some on a new one each time; none may miss an answer. */
    @RepeatedTest(3)
    void losesNoRequestUnderLoad() throws Exception {
        AtomicInteger answered = new AtomicInteger();
        AtomicInteger lost = new AtomicInteger();
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .function("/f", FakeFunction.echo())
                        .upstream(upstream.config())
                        .grace(Duration.ofSeconds(10))
                        .start();
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                boolean keepAlive = i % 4 != 0;
                String path = i % 2 == 0 ? "/f" : "/u";
                running.add(clients.submit(() -> load(proxy, path, keepAlive, answered, lost)));
            }
            await().until(() -> answered.get() > 500);
            assertThat(proxy.server().drain()).isZero();
            for (Future<?> client : running) {
                client.get();
            }
            assertThat(lost).hasValue(0);
        }
    }

    private static void load(
            TestProxy proxy, String path, boolean keepAlive, AtomicInteger answered, AtomicInteger lost) {
        while (true) {
            try (RawClient client = proxy.connect()) {
                boolean open = true;
                while (open) {
                    client.send("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                            + (keepAlive ? "" : "Connection: close\r\n") + "\r\nbody");
                    Response response = client.readIfAny(false);
                    if (response == null || !response.whole() || response.status() != 200) {
                        lost.incrementAndGet();
                        return;
                    }
                    answered.incrementAndGet();
                    open = response.header("connection") == null;
                }
            } catch (UncheckedIOException e) {
                if (!(e.getCause() instanceof ConnectException)) {
                    lost.incrementAndGet();
                }
                return;
            }
        }
    }

    @Test
    void letsAnOpenExchangeEndAndSaysClose() {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (TestProxy proxy =
                        TestProxy.with().function("/f", waiting(running, goOn)).start();
                RawClient client = proxy.connect()) {
            client.get("/f");
            await().until(() -> running.getCount() == 0);
            CompletableFuture<Integer> cutOff =
                    CompletableFuture.supplyAsync(() -> proxy.server().drain());
            await().until(() -> isRefused(proxy));
            goOn.countDown();
            Response response = client.read();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("connection")).isEqualTo("close");
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(cutOff.join()).isZero();
        }
    }

    @Test
    void answersARequestThatRacesWithTheDrain() {
        try (TestProxy proxy = TestProxy.with()
                        .respond("/", "hi")
                        .grace(Duration.ofSeconds(10))
                        .start();
                RawClient idle = proxy.connect()) {
            assertThat(idle.get("/").read().header("connection")).isNull();
            CompletableFuture<Integer> cutOff =
                    CompletableFuture.supplyAsync(() -> proxy.server().drain());
            // Each of these may be the one that races; none may go without an answer, and one must be told to close.
            while (idle.get("/").read().header("connection") == null) {
                assertThat(cutOff).isNotDone();
            }
            assertThat(cutOff.join()).isZero();
        }
    }

    @Test
    void cutsOffWhatOutlivesTheGraceAndCountsIt() {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        FakeFunction function = waiting(running, goOn);
        try (TestProxy proxy = TestProxy.with()
                        .function("/f", function)
                        .grace(Duration.ofMillis(200))
                        .start();
                RawClient client = proxy.connect()) {
            client.get("/f");
            await().until(() -> running.getCount() == 0);
            assertThat(proxy.server().drain()).isEqualTo(1);
            assertThat(client.readIfAny(false)).isNull();
            assertThat(function.cancelled()).hasValue(1);
            goOn.countDown();
            assertThat(proxy.server().drain()).isEqualTo(1);
        }
    }

    private static FakeFunction waiting(CountDownLatch running, CountDownLatch goOn) {
        return new FakeFunction(invocation -> {
            invocation.input();
            running.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            FakeFunction.reply(invocation, 200, "done");
        });
    }

    private static boolean isRefused(TestProxy proxy) {
        try {
            proxy.connect().close();
            return false;
        } catch (UncheckedIOException refused) {
            return true;
        }
    }
}
