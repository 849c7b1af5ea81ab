package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.address.ClientField;
import io.gojinn.proxy.address.ProxyTrust;
import io.gojinn.proxy.middleware.ConcurrencyRules;
import io.gojinn.proxy.middleware.LimitKey;
import io.gojinn.proxy.middleware.RateRules;
import io.gojinn.proxy.route.RouteAction;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How much clients may ask for, and how they are told. */
class LimitTest {
    private static final RouteAction HI = new RouteAction.Respond(200, Map.of(), "hi");
    private static final Duration LONG = Duration.ofHours(1);

    private static RateRules rate(int requests, LimitKey by) {
        return new RateRules(requests, LONG, requests, by, 1_000);
    }

    // So that a test can be any client.
    private static TestProxy.Builder trusting() {
        List<AddressRange> loopback = List.of(
                new AddressRange(InetAddress.ofLiteral("127.0.0.0"), 8),
                new AddressRange(InetAddress.ofLiteral("::1"), 128));
        return TestProxy.with().trust(new ProxyTrust(loopback, ClientField.X_FORWARDED_FOR, false));
    }

    private static int status(RawClient client, String path, String fields) {
        return client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n")
                .read()
                .status();
    }

    @Test
    void answers429AndSaysWhenToComeBack() {
        try (TestProxy proxy = TestProxy.with()
                        .middleware("limit", new RateRules(2, LONG, 2, new LimitKey.Client(), 1_000))
                        .route("/", List.of("limit"), HI)
                        .start();
                RawClient client = proxy.connect()) {
            Response first = client.get("/").read();
            assertThat(first.status()).isEqualTo(200);
            assertThat(first.header("ratelimit-policy")).isEqualTo("\"limit\";q=2;w=3600");
            assertThat(first.header("ratelimit")).isEqualTo("\"limit\";r=1;t=1800");
            assertThat(client.get("/").read().header("ratelimit")).matches("\"limit\";r=0;t=3(600|599)");
            Response refused = client.get("/").read();
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.header("x-gojinn-error")).isEqualTo("rate_limit");
            assertThat(refused.header("ratelimit-policy")).isEqualTo("\"limit\";q=2;w=3600");
            assertThat(refused.header("ratelimit")).matches("\"limit\";r=0;t=3(600|599)");
            assertThat(refused.header("retry-after")).matches("1800|1799");
            // The client may keep its connection.
            assertThat(refused.header("connection")).isNull();
            assertThat(client.get("/").read().status()).isEqualTo(429);
            assertThat(proxy.metric("gojinn_limited_requests_total", "middleware", "limit"))
                    .isEqualTo(2);
            assertThat(proxy.metric("gojinn_denied_requests_total", "reason", "rate_limit"))
                    .isEqualTo(2);
        }
    }

    @Test
    void tellsOfTheLimitWhateverIsAnswered() {
        try (RawUpstream upstream = new RawUpstream(peer -> {});
                TestProxy proxy = TestProxy.with()
                        .middleware("limit", rate(5, new LimitKey.Client()))
                        .middleware("all", rate(9, new LimitKey.Route()))
                        .route("/gone", List.of("all", "limit"), new RouteAction.Forward("app"))
                        .upstream(upstream.config())
                        .start();
                RawClient client = proxy.connect()) {
            Response failed = client.get("/gone").read();
            assertThat(failed.status()).isEqualTo(502);
            assertThat(failed.header("ratelimit")).contains("\"limit\";r=4", "\"all\";r=8");
            assertThat(failed.header("retry-after")).isNull();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1, 429",
        "192.0.2.1, 192.0.2.2, 200",
        "2001:db8::1, 2001:db8::ffff:1, 429",
        "2001:db8::1, 2001:db8:0:1::1, 200",
        "192.0.2.1, ::ffff:192.0.2.1, 429"
    })
    void knowsClientsByTheirAddress(String one, String other, int status) {
        try (TestProxy proxy = trusting()
                        .middleware("limit", rate(1, new LimitKey.Client()))
                        .route("/", List.of("limit"), HI)
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(status(client, "/", "X-Forwarded-For: " + one + "\r\n")).isEqualTo(200);
            assertThat(status(client, "/", "X-Forwarded-For: " + other + "\r\n"))
                    .isEqualTo(status);
        }
    }

    @Test
    void knowsClientsByAFieldAndOthersByTheirAddress() {
        try (TestProxy proxy = trusting()
                        .middleware("limit", rate(1, new LimitKey.Header("X-User")))
                        .route("/", List.of("limit"), HI)
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(status(client, "/", "X-User: ada\r\n")).isEqualTo(200);
            assertThat(status(client, "/", "x-user: ada\r\nX-Forwarded-For: 192.0.2.1\r\n"))
                    .isEqualTo(429);
            assertThat(status(client, "/", "X-User: bob\r\n")).isEqualTo(200);
            assertThat(status(client, "/", "")).isEqualTo(200);
            assertThat(status(client, "/", "")).isEqualTo(429);
            assertThat(status(client, "/", "X-Forwarded-For: 192.0.2.1\r\n")).isEqualTo(200);
            // A value that looks like an address is none.
            assertThat(status(client, "/", "X-User: 192.0.2.2\r\n")).isEqualTo(200);
            assertThat(status(client, "/", "X-Forwarded-For: 192.0.2.2\r\n")).isEqualTo(200);
        }
    }

    @Test
    void knowsClientsByTheirApiKey() {
        try (TestProxy proxy = TestProxy.with()
                        .middleware("limit", rate(1, new LimitKey.ApiKey()))
                        .route("/", List.of("limit"), HI)
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(status(client, "/", "X-API-Key: one\r\n")).isEqualTo(200);
            assertThat(status(client, "/", "X-API-Key: one\r\nAuthorization: Bearer a\r\n"))
                    .isEqualTo(429);
            assertThat(status(client, "/", "Authorization: Bearer a\r\n")).isEqualTo(200);
            assertThat(status(client, "/", "Authorization: Bearer a\r\n")).isEqualTo(429);
            assertThat(status(client, "/", "Authorization: Bearer b\r\n")).isEqualTo(200);
        }
    }

    @Test
    void countsEachRouteByItself() {
        try (TestProxy proxy = trusting()
                        .middleware("limit", rate(1, new LimitKey.Route()))
                        .route("/a", List.of("limit"), HI)
                        .route("/b", List.of("limit"), HI)
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(status(client, "/a", "")).isEqualTo(200);
            assertThat(status(client, "/a", "X-Forwarded-For: 192.0.2.1\r\n")).isEqualTo(429);
            assertThat(status(client, "/b", "")).isEqualTo(200);
        }
    }

    /** Sixteen clients on two event loops ask for more than there is: they get what there is, within one in a hundred. */
    @Test
    void isExactUnderSixteenClients() throws Exception {
        // So few that they are always asked for, however slow this machine is.
        int requests = 200;
        int burst = 200;
        try (TestProxy proxy = TestProxy.with()
                .middleware(
                        "limit", new RateRules(requests, Duration.ofSeconds(1), burst, new LimitKey.Client(), 1_000))
                .route("/", List.of("limit"), HI)
                .start()) {
            AtomicInteger admitted = new AtomicInteger();
            AtomicInteger refused = new AtomicInteger();
            // A request is counted between when it is sent and when it is answered, which on a busy machine is long.
            AtomicLong firstSentNanos = new AtomicLong(Long.MAX_VALUE);
            AtomicLong firstAnsweredNanos = new AtomicLong(Long.MAX_VALUE);
            AtomicLong lastSentNanos = new AtomicLong();
            AtomicLong lastAnsweredNanos = new AtomicLong();
            long endNanos = System.nanoTime() + 3_000_000_000L;
            List<Thread> clients = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                clients.add(Thread.ofVirtual().start(() -> {
                    try (RawClient client = proxy.connect()) {
                        while (System.nanoTime() < endNanos) {
                            long sentNanos = System.nanoTime();
                            int status = client.get("/").read().status();
                            long answeredNanos = System.nanoTime();
                            firstSentNanos.accumulateAndGet(sentNanos, Math::min);
                            firstAnsweredNanos.accumulateAndGet(answeredNanos, Math::min);
                            lastSentNanos.accumulateAndGet(sentNanos, Math::max);
                            lastAnsweredNanos.accumulateAndGet(answeredNanos, Math::max);
                            (status == 200 ? admitted : refused).incrementAndGet();
                        }
                    }
                }));
            }
            for (Thread client : clients) {
                client.join();
            }
            double most = burst + requests * (lastAnsweredNanos.get() - firstSentNanos.get()) / 1e9;
            double least = burst + requests * (lastSentNanos.get() - firstAnsweredNanos.get()) / 1e9;
            assertThat(refused.get()).as("admitted " + admitted).isPositive();
            assertThat((double) admitted.get()).isBetween(least * 0.99, most * 1.01);
        }
    }

    @Test
    void whatWasCountedOutlivesAReload() throws Exception {
        TestProxy.Builder same = TestProxy.with()
                .middleware("limit", rate(2, new LimitKey.Client()))
                .route("/", List.of("limit"), HI);
        try (TestProxy proxy = same.start();
                RawClient client = proxy.connect()) {
            client.get("/").read();
            proxy.reload(TestProxy.with()
                    .middleware("limit", rate(2, new LimitKey.Client()))
                    .respond("/new", "new")
                    .route("/", List.of("limit"), HI));
            assertThat(client.get("/new").read().status()).isEqualTo(200);
            assertThat(client.get("/").read().header("ratelimit")).contains("r=0");
            assertThat(client.get("/").read().status()).isEqualTo(429);
            proxy.reload(TestProxy.with()
                    .middleware("limit", rate(3, new LimitKey.Client()))
                    .route("/", List.of("limit"), HI));
            assertThat(client.get("/").read().header("ratelimit")).contains("r=2");
        }
    }

    @Test
    void letsSoManyRequestsThroughAtOnce() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    while (!peer.request().isEmpty()) {
                        try {
                            answer.await();
                        } catch (InterruptedException e) {
                            return;
                        }
                        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    }
                });
                TestProxy proxy = trusting()
                        .middleware("few", new ConcurrencyRules(2, new LimitKey.Client(), 1_000))
                        .route("/", List.of("few"), new RouteAction.Forward("app"))
                        .upstream(upstream.config())
                        .start();
                RawClient one = proxy.connect();
                RawClient two = proxy.connect();
                RawClient three = proxy.connect()) {
            one.get("/");
            two.get("/");
            await().until(() -> proxy.metric("gojinn_active_requests", "route", "/") == 2);
            Response refused = three.get("/").read();
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.header("retry-after")).isEqualTo("1");
            assertThat(refused.header("x-gojinn-error")).isEqualTo("concurrency_limit");
            assertThat(proxy.metric("gojinn_limited_requests_total", "middleware", "few"))
                    .isEqualTo(1);
            three.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n");
            // A client that leaves makes room.
            one.socket.close();
            await().until(() -> proxy.metric("gojinn_active_requests", "route", "/") == 2);
            answer.countDown();
            assertThat(two.read().status()).isEqualTo(200);
            assertThat(three.read().status()).isEqualTo(200);
            assertThat(three.get("/").read().status()).isEqualTo(200);
        }
    }

    /** However often: nothing of a request that was refused, or failed, is counted as active. */
    @Test
    void nothingStaysCountedThatHasEnded() {
        try (TestProxy proxy = TestProxy.with()
                .middleware("few", new ConcurrencyRules(1, new LimitKey.Route(), 1))
                .middleware("rare", rate(1, new LimitKey.Client()))
                .route("/rare", List.of("few", "rare"), HI)
                // One after the other: a request has ended before the next one is read.
                .loops(1)
                .start()) {
            for (int i = 0; i < 50; i++) {
                try (RawClient client = proxy.connect()) {
                    int expected = i == 0 ? 200 : 429;
                    Response response = client.get("/rare").read();
                    assertThat(response.status()).isEqualTo(expected);
                    assertThat(response.header("x-gojinn-error")).isEqualTo(i == 0 ? null : "rate_limit");
                }
            }
        }
    }

    /** Neither the log nor a metric nor an answer shows the key. */
    @Test
    void keepsApiKeysToItself() {
        try (TestProxy proxy = TestProxy.with()
                        .middleware("limit", rate(1, new LimitKey.ApiKey()))
                        .route("/", List.of("limit"), HI)
                        .start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 2; i++) {
                Response response = client.send("GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: s3cret\r\n\r\n")
                        .read();
                assertThat(response.toString()).doesNotContain("s3cret");
            }
            Matcher policy = Pattern.compile("\"limit\".*")
                    .matcher(client.get("/").read().headers().toString());
            assertThat(policy.find()).isTrue();
        }
    }
}
