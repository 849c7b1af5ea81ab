package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.upstream.UpstreamConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients see when upstreams fail: the table of docs/upstreams.md. */
@SuppressWarnings("StringConcatToTextBlock") // the wire ends lines in CR LF
class UpstreamFaultsTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final String POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    private static final String PUT = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    @ParameterizedTest
    @ValueSource(strings = {GET, PUT, POST})
    void sendsARequestThatWasRefusedToAnotherTarget(String request) {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = start(TestPolicy.policy().of(refusing(), upstream.address()));
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 4; i++) {
                Response response = client.send(request).read();
                assertThat(response.status()).isEqualTo(200);
                assertThat(response.body().endsWith("abc")).isEqualTo(!request.equals(GET));
            }
            assertThat(outcome(proxy, "retried")).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {GET, PUT})
    void triesAnIdempotentRequestAgainAfterAReset(String request) {
        try (RawUpstream upstream = resettingFirst();
                TestProxy proxy = start(TestPolicy.policy().of(upstream));
                RawClient client = proxy.connect()) {
            Response response = client.send(request).read();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).contains("x-forwarded-for: 127.0.0.1\r\n");
            assertThat(response.body().endsWith("\r\n\r\nabc")).isEqualTo(request.equals(PUT));
            assertThat(upstream.connections).hasValue(2);
        }
    }

    @Test
    void doesNotSendAPostAgainThatMayHaveBeenActedOn() {
        try (RawUpstream upstream = resettingFirst();
                TestProxy proxy = start(TestPolicy.policy().of(upstream));
                RawClient client = proxy.connect()) {
            assertFailed(client.send(POST).read(), 502, "upstream_closed");
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void sendsAChunkedBodyWithItsTrailersAgain() {
        try (RawUpstream upstream = resettingFirst();
                TestProxy proxy = start(TestPolicy.policy().of(upstream));
                RawClient client = proxy.connect()) {
            Response response = client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 7\r\n\r\n")
                    .read();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).contains("3\r\nabc\r\n2\r\nde\r\n0\r\n").contains("X-Sum: 7");
        }
    }

    @Test
    void sendsTheRestOfABodyToTheSecondTarget() {
        Event reset = new Event();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    if (peer.index == 0) {
                        peer.head();
                        assertThat(peer.read()).isEqualTo('a');
                        peer.reset();
                        return;
                    }
                    String request = peer.head();
                    reset.happened();
                    request += (char) peer.read() + "" + (char) peer.read() + (char) peer.read();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + request.substring(request.length() - 3));
                    peer.awaitEnd();
                });
                TestProxy proxy = start(TestPolicy.policy().of(upstream));
                RawClient client = proxy.connect()) {
            client.send(PUT.substring(0, PUT.length() - 2));
            reset.await();
            assertThat(client.send("bc").read().body()).isEqualTo("abc");
        }
    }

    @Test
    void doesNotSendABodyAgainThatIsTooLargeToHold() {
        try (RawUpstream upstream = resettingFirst();
                TestProxy proxy = start(TestPolicy.policy().retry(3, 10, 2).of(upstream));
                RawClient client = proxy.connect()) {
            assertFailed(client.send(PUT).read(), 502, "upstream_closed");
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void triesAnotherTargetWhenOneStalls() {
        try (RawUpstream stalling = new RawUpstream(RawUpstream.Peer::awaitEnd);
                RawUpstream upstream = RawUpstream.answering(OK);
                TestProxy proxy = start(TestPolicy.policy().responseTimeout(100).of(stalling, upstream));
                RawClient client = proxy.connect()) {
            assertThat(client.send(GET).read().status()).isEqualTo(200);
            assertThat(stalling.connections).hasValue(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"502", "503", "504"})
    void takesStatusesForFailuresWhenAsked(int status) {
        String refusal = "HTTP/1.1 " + status + " No\r\nContent-Length: 4\r\n\r\nbusy";
        try (RawUpstream busy = RawUpstream.answering(refusal);
                RawUpstream upstream = RawUpstream.answering(OK);
                TestProxy proxy =
                        start(TestPolicy.policy().retry(2, 10, 100, status).of(busy, upstream));
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 4; i++) {
                assertThat(client.send(PUT).read().body()).isEqualTo("ok");
            }
            // In turn: every other one meets the busy target first.
            assertThat(client.send(POST).read().body()
                            + client.send(POST).read().body())
                    .contains("busy", "ok");
        }
    }

    @Test
    void passesOnTheLastRefusal() {
        try (RawUpstream busy = RawUpstream.answering("HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy");
                TestProxy proxy =
                        start(TestPolicy.policy().retry(3, 10, 100, 503).of(busy));
                RawClient client = proxy.connect()) {
            Response response = client.send(GET).read();
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.body()).isEqualTo("busy");
            assertThat(outcome(proxy, "retried")).isEqualTo(2);
        }
    }

    @Test
    void sendsNothingAgainWithoutABudget() {
        try (RawUpstream upstream = resettingFirst();
                TestProxy proxy = start(TestPolicy.policy().retry(3, 0, 100).of(upstream));
                RawClient client = proxy.connect()) {
            assertFailed(client.send(GET).read(), 502, "upstream_closed");
            assertThat(upstream.connections).hasValue(1);
            assertThat(proxy.metric("gojinn_upstream_retries_denied_total", "upstream", "app"))
                    .isEqualTo(1);
        }
    }

    @Test
    void endsARequestThatTakesTooLongInAll() {
        try (RawUpstream upstream = new RawUpstream(RawUpstream.Peer::awaitEnd);
                TestProxy proxy = start(TestPolicy.policy()
                        .responseTimeout(60)
                        .requestTimeout(150)
                        .retry(10, 100, 0)
                        .of(upstream));
                RawClient client = proxy.connect()) {
            assertFailed(client.send(GET).read(), 504, "upstream_request_timeout");
            await().until(() -> proxy.metric("gojinn_upstream_connections", "upstream", "app") == 0);
        }
    }

    @Test
    void cutsAResponseThatStalls() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                    peer.awaitEnd();
                });
                TestProxy proxy = start(TestPolicy.policy().idleTimeout(100).of(upstream));
                RawClient client = proxy.connect()) {
            Response response = client.send(GET).readIfAny(false);
            assertThat(response == null || !response.whole()).isTrue();
            assertThat(upstream.connections).hasValue(1);
            await().until(() -> outcome(proxy, "upstream_timeout") == 1);
        }
    }

    @Test
    void givesUpATargetThatTakesNoMoreOfARequest() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.head();
                    await().until(() -> peer.socket.isClosed());
                });
                TestProxy proxy = start(TestPolicy.policy().idleTimeout(200).of(upstream));
                RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
            Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < 100; i++) {
                        client.send(new byte[1_000_000]);
                    }
                } catch (UncheckedIOException closed) {
                    // the answer came first
                }
            });
            assertThat(client.read().header("x-gojinn-error")).isEqualTo("upstream_timeout");
        }
    }

    // Turns.

    @Test
    void letsRequestsWaitForTheirTurnAndRefusesTheRest() {
        Event asked = new Event();
        Event goOn = new Event();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    while (!peer.request().isEmpty()) {
                        asked.happened();
                        goOn.await();
                        peer.send(OK);
                    }
                });
                TestProxy proxy =
                        start(TestPolicy.policy().limits(1, 1, 1, 10_000).of(upstream));
                RawClient first = proxy.connect();
                RawClient second = proxy.connect();
                RawClient third = proxy.connect()) {
            first.send(GET);
            asked.await();
            second.send(GET);
            await().until(() -> proxy.metric("gojinn_upstream_waiting_requests", "upstream", "app") == 1);
            Response refused = third.send(GET).read();
            assertFailed(refused, 503, "upstream_queue_full");
            assertThat(refused.header("retry-after")).isEqualTo("1");
            assertThat(upstream.connections).hasValue(1);
            goOn.happened();
            assertThat(first.read().status()).isEqualTo(200);
            assertThat(second.read().status()).isEqualTo(200);
            await().until(() -> proxy.metric("gojinn_upstream_active_requests", "upstream", "app") == 0);
        }
    }

    @Test
    void refusesARequestWhoseTurnDoesNotCome() {
        Event asked = new Event();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    asked.happened();
                    peer.awaitEnd();
                });
                TestProxy proxy =
                        start(TestPolicy.policy().limits(100, 1, 10, 50).of(upstream));
                RawClient first = proxy.connect();
                RawClient second = proxy.connect()) {
            first.send(GET);
            asked.await();
            Response refused = second.send(GET).read();
            assertFailed(refused, 503, "upstream_queue_timeout");
            assertThat(refused.header("retry-after")).isEqualTo("1");
            assertThat(proxy.metric("gojinn_upstream_waiting_requests", "upstream", "app"))
                    .isZero();
        }
    }

    @Test
    void freesThePlaceOfAClientThatLeaves() {
        Event asked = new Event();
        Event goOn = new Event();
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    while (!peer.request().isEmpty()) {
                        asked.happened();
                        goOn.await();
                        peer.send(OK);
                    }
                });
                TestProxy proxy =
                        start(TestPolicy.policy().limits(1, 1, 1, 10_000).of(upstream));
                RawClient first = proxy.connect();
                RawClient third = proxy.connect()) {
            first.send(GET);
            asked.await();
            try (RawClient second = proxy.connect()) {
                second.send(GET);
                await().until(() -> proxy.metric("gojinn_upstream_waiting_requests", "upstream", "app") == 1);
            }
            await().until(() -> proxy.metric("gojinn_upstream_waiting_requests", "upstream", "app") == 0);
            third.send(GET);
            goOn.happened();
            assertThat(third.read().status()).isEqualTo(200);
        }
    }

    // Targets that are not well.

    @Test
    void ejectsATargetThatFailsAndTakesItBack() {
        AtomicBoolean failing = new AtomicBoolean(true);
        try (RawUpstream flaky = new RawUpstream(peer -> {
                    while (!peer.request().isEmpty() && !failing.get()) {
                        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nflaky");
                    }
                });
                RawUpstream upstream = RawUpstream.answering(OK);
                TestProxy proxy =
                        start(TestPolicy.policy().ejection(2, 0, 300, 0.5).of(flaky, upstream));
                RawClient client = proxy.connect()) {
            await().until(() -> {
                assertThat(client.send(GET).read().body()).isEqualTo("ok");
                return available(proxy) == 1;
            });
            assertThat(proxy.metric("gojinn_upstream_ejections_total", "upstream", "app"))
                    .isEqualTo(1);
            int connections = flaky.connections.get();
            assertThat(client.send(GET).read().body()).isEqualTo("ok");
            assertThat(client.send(GET).read().body()).isEqualTo("ok");
            assertThat(flaky.connections).hasValue(connections);
            failing.set(false);
            await().until(() -> client.send(GET).read().body().equals("flaky"));
            assertThat(available(proxy)).isEqualTo(2);
        }
    }

    @Test
    void ejectsATargetForServerErrorsWhenAsked() {
        try (RawUpstream broken = RawUpstream.answering("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno");
                RawUpstream upstream = RawUpstream.answering(OK);
                TestProxy proxy =
                        start(TestPolicy.policy().ejection(0, 3, 60_000, 0.5).of(broken, upstream));
                RawClient client = proxy.connect()) {
            int errors = 0;
            for (int i = 0; i < 6; i++) {
                errors += client.send(GET).read().status() == 500 ? 1 : 0;
            }
            assertThat(errors).isEqualTo(3);
            await().until(() -> available(proxy) == 1);
            for (int i = 0; i < 6; i++) {
                assertThat(client.send(GET).read().status()).isEqualTo(200);
            }
        }
    }

    @Test
    void neverEjectsMoreThanTheirShare() {
        try (RawUpstream one = RawUpstream.answering("HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\none");
                RawUpstream two = RawUpstream.answering("HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\ntwo");
                TestProxy proxy =
                        start(TestPolicy.policy().ejection(1, 1, 60_000, 0.5).of(one, two));
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 10; i++) {
                assertThat(client.send(GET).read().status()).isEqualTo(500);
            }
            assertThat(available(proxy)).isEqualTo(1);
        }
    }

    @Test
    void takesTargetsOutThatFailTheirCheckAndBack() {
        AtomicBoolean well = new AtomicBoolean(true);
        AtomicInteger checks = new AtomicInteger();
        AtomicReference<String> question = new AtomicReference<>("");
        try (RawUpstream checked = new RawUpstream(peer -> {
                    for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
                        if (request.startsWith("GET /healthz ")) {
                            checks.incrementAndGet();
                            question.set(request);
                            peer.send(well.get() ? OK : "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
                        } else {
                            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nchecked");
                        }
                    }
                });
                RawUpstream upstream = RawUpstream.answering(OK);
                TestProxy proxy =
                        start(TestPolicy.policy().health(20, 1_000, 2, 3).of(checked, upstream));
                RawClient client = proxy.connect()) {
            await().until(() -> checks.get() > 2);
            assertThat(available(proxy)).isEqualTo(2);
            assertThat(question.get())
                    .contains("host: 127.0.0.1:" + checked.address().getPort());
            well.set(false);
            await().until(() -> available(proxy) == 1);
            for (int i = 0; i < 6; i++) {
                assertThat(client.send(GET).read().body()).isEqualTo("ok");
            }
            well.set(true);
            await().until(() -> available(proxy) == 2);
            assertThat(client.send(GET).read().body() + client.send(GET).read().body())
                    .contains("checked");
        }
    }

    @Test
    void letsTheFirstCheckDecideAlone() {
        try (RawUpstream silent = new RawUpstream(RawUpstream.Peer::awaitEnd);
                RawUpstream upstream = RawUpstream.answering(OK);
                TestProxy proxy = start(TestPolicy.policy()
                        .health(60_000, 2_000, 2, 3)
                        .of(silent.address(), refusing(), upstream.address()))) {
            await().until(() -> available(proxy) == 1);
            assertThat(silent.connections).hasValue(1);
        }
    }

    @Test
    void servesWhatItCanWhenNoTargetPassesItsCheck() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
                        peer.send(
                                request.startsWith("GET /healthz")
                                        ? "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
                                        : OK);
                    }
                });
                TestProxy proxy =
                        start(TestPolicy.policy().health(60_000, 1_000, 1, 1).of(upstream));
                RawClient client = proxy.connect()) {
            await().until(() -> available(proxy) == 0);
            assertThat(client.send(GET).read().status()).isEqualTo(200);
        }
    }

    // One dead of three.

    @Test
    void failsNoIdempotentRequestWhenOneOfThreeTargetsIsKilledUnderLoad() throws Exception {
        RawUpstream killed = RawUpstream.answering(OK);
        try (RawUpstream one = RawUpstream.answering(OK);
                RawUpstream two = RawUpstream.answering(OK);
                TestProxy proxy =
                        start(TestPolicy.policy().ejection(5, 0, 100, 0.5).of(one, killed, two))) {
            load(proxy, 8, 100, 300, killed::close);
        }
    }

    @Test
    void failsNoIdempotentRequestWhenOneOfThreeTargetsFallsSilentUnderLoad() throws Exception {
        AtomicBoolean silent = new AtomicBoolean();
        try (RawUpstream one = RawUpstream.answering(OK);
                RawUpstream two = RawUpstream.answering(OK);
                RawUpstream hole = new RawUpstream(peer -> {
                    while (!peer.request().isEmpty()) {
                        if (silent.get()) {
                            peer.awaitEnd();
                            return;
                        }
                        peer.send(OK);
                    }
                });
                TestProxy proxy = start(TestPolicy.policy()
                        .responseTimeout(1_000)
                        .ejection(5, 0, 60_000, 0.5)
                        .of(one, hole, two))) {
            load(proxy, 8, 100, 300, () -> silent.set(true));
        }
    }

    @Test
    void failsNoIdempotentRequestWhenOneOfThreeTargetsTakesNoConnections() throws Exception {
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket first = new Socket(full.getInetAddress(), full.getLocalPort());
                Socket second = new Socket(full.getInetAddress(), full.getLocalPort());
                RawUpstream one = RawUpstream.answering(OK);
                RawUpstream two = RawUpstream.answering(OK);
                TestProxy proxy = start(TestPolicy.policy()
                        .ejection(5, 0, 60_000, 0.5)
                        .of(one.address(), (InetSocketAddress) full.getLocalSocketAddress(), two.address()))) {
            assertThat(first.isConnected() && second.isConnected()).isTrue();
            load(proxy, 8, 50, 1, () -> {});
        }
    }

    private static void load(TestProxy proxy, int clients, int requests, int until, Runnable event) throws Exception {
        AtomicInteger answered = new AtomicInteger();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int c = 0; c < clients; c++) {
                running.add(threads.submit(() -> {
                    try (RawClient client = proxy.connect()) {
                        for (int i = 0; i < requests; i++) {
                            Response response = client.send(GET).read();
                            assertThat(response.status()).as("%s", response).isEqualTo(200);
                            if (answered.incrementAndGet() == until) {
                                event.run();
                            }
                        }
                    }
                }));
            }
            for (Future<?> client : running) {
                client.get();
            }
        }
        assertThat(answered).hasValue(clients * requests);
        assertThat(outcome(proxy, "retried")).isPositive();
    }

    // Answers with the request, but resets its first connection after the first request.
    private static RawUpstream resettingFirst() {
        return new RawUpstream(peer -> {
            for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
                if (peer.index == 0) {
                    peer.reset();
                    return;
                }
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + request.length() + "\r\n\r\n" + request);
            }
        });
    }

    private static InetSocketAddress refusing() {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) free.getLocalSocketAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // One loop, so that turns are in plain order.
    private static TestProxy start(UpstreamConfig upstream) {
        return TestProxy.with().loops(1).upstream(upstream).start();
    }

    private static double outcome(TestProxy proxy, String outcome) {
        return proxy.metric("gojinn_upstream_requests_total", "upstream", "app", "outcome", outcome);
    }

    private static double available(TestProxy proxy) {
        return proxy.metric("gojinn_upstream_available_targets", "upstream", "app");
    }

    private static void assertFailed(Response response, int status, String label) {
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.header("x-gojinn-error")).isEqualTo(label);
    }

    /** Something that happens once. */
    private static final class Event {
        private final CountDownLatch latch = new CountDownLatch(1);

        void happened() {
            latch.countDown();
        }

        void await() {
            Awaitility.await().until(() -> latch.getCount() == 0);
        }
    }
}
