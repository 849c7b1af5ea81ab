package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.middleware.MiddlewareConfig;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.route.RouteAction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

/** A limit on open requests as clients see it; how it is found is AdaptiveLimitTest. */
class SheddingTest {
    private static final MiddlewareKind.Shedding TWO_AT_ONCE = new MiddlewareKind.Shedding(2, 2, 2, 2);

    private static final String UPGRADED = """
            HTTP/1.1 101 Switching Protocols\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
            \r
            """;
    private static final String UPGRADE = """
            GET /socket HTTP/1.1\r
            Host: test\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            \r
            """;

    private final Semaphore answers = new Semaphore(0);
    private final RawUpstream server = new RawUpstream(peer -> {
        for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
            answers.acquireUninterruptibly();
            if (head.startsWith("GET /socket")) {
                peer.send(UPGRADED);
                peer.awaitEnd();
            } else {
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        }
    });

    private TestProxy.Builder shedding() {
        return TestProxy.with()
                .upstream(server.upgrading(Duration.ofMinutes(1), "websocket"))
                .middleware(new MiddlewareConfig("shed", TWO_AT_ONCE))
                .route("/*", List.of("shed"), new RouteAction.Forward("app"));
    }

    private static double active(TestProxy proxy) {
        return proxy.metric("gojinn_shedding_active_requests", "middleware", "shed");
    }

    @Test
    void refusesAtOnceWhatIsTooMuchAndNothingAfterwards() throws Exception {
        try (RawUpstream closing = server;
                TestProxy proxy = shedding().start();
                RawClient one = proxy.connect();
                RawClient two = proxy.connect();
                RawClient three = proxy.connect()) {
            one.get("/");
            two.get("/");
            await().until(() -> active(proxy) == 2);
            RawClient.Response refused = three.get("/").read();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("retry-after")).isEqualTo("1");
            assertThat(refused.header("x-gojinn-error")).isEqualTo("shed");
            // A reload changes nothing of what is known.
            proxy.reload(shedding().respond("/other", "other"));
            assertThat(three.get("/").read().status()).isEqualTo(503);
            assertThat(proxy.metric("gojinn_shed_requests_total", "middleware", "shed"))
                    .isEqualTo(2);
            answers.release(3);
            assertThat(one.read().status()).isEqualTo(200);
            assertThat(two.read().status()).isEqualTo(200);
            assertThat(three.get("/").read().status()).isEqualTo(200);
            assertThat(active(proxy)).isZero();
            assertThat(closing.connections.get()).isPositive();
        }
    }

    @Test
    void countsNobodyWhoHasGone() throws Exception {
        try (RawUpstream closing = server;
                TestProxy proxy = shedding().start()) {
            for (int i = 0; i < 3; i++) {
                List<RawClient> gone = new ArrayList<>();
                for (int j = 0; j < 2; j++) {
                    gone.add(proxy.connect().get("/"));
                }
                await().until(() -> active(proxy) == 2);
                gone.forEach(RawClient::close);
                await().until(() -> active(proxy) == 0);
            }
            assertThat(closing.connections.get()).isPositive();
        }
    }

    @Test
    void letsTunnelsStayOpen() throws Exception {
        try (RawUpstream closing = server;
                TestProxy proxy = shedding().start()) {
            answers.release(5);
            List<RawClient> tunnels = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                RawClient client = proxy.connect().send(UPGRADE);
                assertThat(client.read().status()).isEqualTo(101);
                tunnels.add(client);
            }
            assertThat(active(proxy)).isZero();
            try (RawClient client = proxy.connect()) {
                assertThat(client.get("/").read().status()).isEqualTo(200);
            }
            tunnels.forEach(RawClient::close);
            assertThat(closing.connections.get()).isPositive();
        }
    }
}
