package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.route.MirrorConfig;
import io.gojinn.proxy.route.RouteAction;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Another server gets copies of requests, and whatever it does nobody notices. */
class MirrorTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final long LIMIT_SECONDS = 10;

    private final BlockingQueue<String> copies = new LinkedBlockingQueue<>();
    private final RawUpstream original = RawUpstream.answering(OK);
    private final RawUpstream shadow = new RawUpstream(peer -> {
        for (String request = peer.request(); !request.isEmpty(); request = peer.request()) {
            copies.add(request);
            peer.send(OK);
        }
    });

    @AfterEach
    void stop() {
        original.close();
        shadow.close();
    }

    private TestProxy.Builder mirrored(RawUpstream to, MirrorConfig config) {
        return TestProxy.with()
                .upstream(TestPolicy.policy().of(original))
                .upstream(TestPolicy.policy().named("shadow").of(to))
                .mirrored("/*", new RouteAction.Forward("app"), config);
    }

    private String copy() throws InterruptedException {
        return String.valueOf(copies.poll(LIMIT_SECONDS, TimeUnit.SECONDS));
    }

    private static double counted(TestProxy proxy, String outcome) {
        return proxy.metric("gojinn_mirror_requests_total", "route", "/*", "outcome", outcome);
    }

    @Test
    void aCopyIsWhatTheOriginalUpstreamGets() throws Exception {
        try (RawUpstream echo = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(TestPolicy.policy().of(echo))
                        .upstream(TestPolicy.policy().named("shadow").of(shadow))
                        .mirrored("/*", new RouteAction.Forward("app"), MirrorConfig.to("shadow"))
                        .start();
                RawClient client = proxy.connect()) {
            for (String request : List.of(
                    "GET /a?b=c HTTP/1.1\r\nHost: example.test\r\nCookie: a=b\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n",
                    "POST /form HTTP/1.1\r\nHost: example.test\r\nContent-Length: 5\r\n\r\nhello",
                    "HEAD / HTTP/1.1\r\nHost: example.test\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n")) {
                String received =
                        client.send(request).read(request.startsWith("HEAD")).body();
                String copy = copy();
                if (!request.startsWith("HEAD")) {
                    assertThat(copy.lines().sorted())
                            .containsExactlyElementsOf(received.lines().sorted().toList());
                }
                assertThat(copy.toLowerCase(Locale.ROOT))
                        .doesNotContain("x-hop")
                        .doesNotContain("6.6.6.6");
            }
            assertThat(proxy.metric("gojinn_upstream_requests_total", "upstream", "shadow", "outcome", "answered"))
                    .isGreaterThanOrEqualTo(2);
        }
    }

    @Test
    void aBodyOfUnknownLengthIsCopiedWithItsLength() throws Exception {
        try (TestProxy proxy = mirrored(shadow, MirrorConfig.to("shadow")).start();
                RawClient client = proxy.connect()) {
            client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
            assertThat(client.read().body()).isEqualTo("ok");
            assertThat(copy().toLowerCase(Locale.ROOT))
                    .contains("content-length: 7")
                    .endsWith("abcdefg");
        }
    }

    @Test
    void whatIsTooLargeIsNotCopied() throws Exception {
        MirrorConfig config = new MirrorConfig("shadow", 1, 10, 100, Duration.ofSeconds(5));
        try (TestProxy proxy = mirrored(shadow, config).start();
                RawClient client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n01234567890");
            assertThat(client.read().body()).isEqualTo("ok");
            client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n");
            assertThat(client.read().body()).isEqualTo("ok");
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");
            assertThat(client.read().body()).isEqualTo("ok");
            assertThat(copy()).endsWith("0123456789");
            assertThat(counted(proxy, "too_large")).isEqualTo(2);
            assertThat(copies).isEmpty();
        }
    }

    @Test
    void aTargetThatNeverAnswersHoldsNoMoreThanItsShareOfCopies() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        MirrorConfig config = new MirrorConfig("shadow", 1, 64 << 10, 3, Duration.ofMillis(200));
        try (RawUpstream stalled = new RawUpstream(peer -> {
                    while (!peer.request().isEmpty()) {
                        asked.incrementAndGet();
                    }
                });
                TestProxy proxy = mirrored(stalled, config).loops(1).start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 20; i++) {
                assertThat(client.get("/").read().body()).isEqualTo("ok");
            }
            assertThat(counted(proxy, "sent")).isGreaterThanOrEqualTo(3);
            assertThat(counted(proxy, "busy")).isGreaterThan(0);
            // They time out, and others take their places.
            await().until(() -> proxy.metric("gojinn_upstream_active_requests", "upstream", "shadow") == 0);
            double before = counted(proxy, "sent");
            assertThat(client.get("/").read().body()).isEqualTo("ok");
            await().until(() -> counted(proxy, "sent") == before + 1);
        }
    }

    @Test
    void aTargetThatStallsGetsFewCopiesUntilItAnswersAgain() throws Exception {
        AtomicBoolean stalls = new AtomicBoolean(true);
        MirrorConfig config = new MirrorConfig("shadow", 1, 64 << 10, 8, Duration.ofSeconds(1));
        try (RawUpstream next = new RawUpstream(peer -> {
                    while (!peer.request().isEmpty()) {
                        if (!stalls.get()) {
                            peer.send(OK);
                        }
                    }
                });
                TestProxy proxy = mirrored(next, config).loops(1).start();
                RawClient client = proxy.connect()) {
            assertThat(sentOf(20, proxy, client)).isEqualTo(8);
            // One, and one more after its timeout should that come meanwhile.
            assertThat(sentOf(20, proxy, client)).isBetween(1.0, 2.0);
            stalls.set(false);
            // One after the other is answered.
            for (int i = 0; i < 10; i++) {
                assertThat(sentOf(1, proxy, client)).isEqualTo(1);
            }
            stalls.set(true);
            assertThat(sentOf(20, proxy, client)).isEqualTo(8);
        }
    }

    private static double sentOf(int requests, TestProxy proxy, RawClient client) throws Exception {
        double before = counted(proxy, "sent");
        for (int i = 0; i < requests; i++) {
            assertThat(client.get("/").read().body()).isEqualTo("ok");
        }
        await().until(() -> proxy.metric("gojinn_upstream_active_requests", "upstream", "shadow") == 0);
        return counted(proxy, "sent") - before;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
                "nonsense\r\n\r\n",
                "HTTP/1.1 101 Up\r\nUpgrade: x\r\n\r\n"
            })
    void whatACopyIsAnsweredConcernsNobody(String answer) throws Exception {
        try (RawUpstream strange = new RawUpstream(peer -> {
                    if (!peer.request().isEmpty()) {
                        peer.send(answer);
                    }
                });
                TestProxy proxy = mirrored(strange, MirrorConfig.to("shadow")).start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 5; i++) {
                assertThat(client.get("/").read().body()).isEqualTo("ok");
            }
            await().until(() -> counted(proxy, "sent") == 5
                    && proxy.metric("gojinn_upstream_active_requests", "upstream", "shadow") == 0);
        }
    }

    @Test
    void aRequestThatIsBrokenOffIsNotCopied() throws Exception {
        try (TestProxy proxy = mirrored(shadow, MirrorConfig.to("shadow")).start()) {
            try (RawClient client = proxy.connect()) {
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
                await().until(() -> proxy.metric("gojinn_active_requests", "route", "/*") == 1);
            }
            await().until(() -> counted(proxy, "incomplete") == 1);
            assertThat(copies).isEmpty();
        }
    }

    @Test
    void onlyAShareIsCopiedWhenOnlyAShareIsAskedFor() throws Exception {
        MirrorConfig config = new MirrorConfig("shadow", 0.25, 64 << 10, 1_000, Duration.ofSeconds(5));
        try (TestProxy proxy = mirrored(shadow, config).start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 400; i++) {
                client.get("/").read();
            }
            // 100 expected, six standard deviations of 9.
            await().until(() -> counted(proxy, "sent") > 46);
            assertThat(counted(proxy, "sent")).isLessThan(154);
        }
    }
}
