package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.sticky.StickyPolicy;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A client comes back to the server that answered it before. */
class StickySessionTest {
    private static final StickyPolicy POLICY = new StickyPolicy("server", Optional.empty(), Optional.empty());

    private final List<RawUpstream> servers = List.of(named("a"), named("b"), named("c"));

    private static RawUpstream named(String name) {
        return RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + name);
    }

    @AfterEach
    void stop() {
        servers.forEach(RawUpstream::close);
    }

    private TestProxy proxy() {
        return TestProxy.with()
                .upstream(TestPolicy.policy()
                        .sticky(POLICY)
                        .health(20, 1_000, 1, 1)
                        .retry(3, 100, 0)
                        .of(servers.toArray(RawUpstream[]::new)))
                .start();
    }

    private static Response get(RawClient client, String cookie) {
        return client.send("GET / HTTP/1.1\r\nHost: a\r\nCookie: " + cookie + "\r\n\r\n")
                .read();
    }

    private static String cookie(Response response) {
        String setCookie = String.valueOf(response.header("set-cookie"));
        assertThat(setCookie).matches("server=[A-Za-z0-9_-]{22}; Path=/; HttpOnly; SameSite=Lax");
        return setCookie.substring(0, setCookie.indexOf(';'));
    }

    @Test
    void everyClientStaysWithItsServer() {
        try (TestProxy proxy = proxy();
                RawClient one = proxy.connect();
                RawClient two = proxy.connect()) {
            Set<String> met = new HashSet<>();
            for (int client = 0; client < 9; client++) {
                Response first = get(one, "x=y");
                met.add(first.body());
                String cookie = cookie(first);
                for (int i = 0; i < 4; i++) {
                    Response again = get(i % 2 == 0 ? one : two, cookie);
                    assertThat(again.body()).isEqualTo(first.body());
                    assertThat(again.header("set-cookie")).isNull();
                }
            }
            assertThat(met).containsExactlyInAnyOrder("a", "b", "c");
            assertThat(sessions(proxy, "assigned")).isEqualTo(9);
            assertThat(sessions(proxy, "kept")).isEqualTo(36);
        }
    }

    @Test
    void aClientWhoseServerIsGoneMovesOnceAndStays() {
        try (TestProxy proxy = proxy();
                RawClient client = proxy.connect()) {
            Response first = get(client, "x=y");
            servers.stream()
                    .filter(server -> first.body().equals(List.of("a", "b", "c").get(servers.indexOf(server))))
                    .forEach(RawUpstream::close);
            Response moved = get(client, cookie(first));
            assertThat(moved.body()).isNotEqualTo(first.body());
            assertThat(get(client, cookie(moved)).body()).isEqualTo(moved.body());
            await().until(() -> proxy.metric("gojinn_upstream_available_targets", "upstream", "app") == 2);
            assertThat(get(client, cookie(first)).body()).isNotEqualTo(first.body());
            assertThat(sessions(proxy, "moved")).isEqualTo(2);
        }
    }

    @Test
    void whatNobodyHasIssuedCountsAsMoved() {
        try (TestProxy proxy = proxy();
                RawClient client = proxy.connect()) {
            for (String forged :
                    List.of("127.0.0.1:" + servers.getFirst().address().getPort(), "", "a", "x".repeat(4_000))) {
                assertThat(cookie(get(client, "server=" + forged))).isNotEmpty();
            }
            assertThat(sessions(proxy, "moved")).isEqualTo(4);
        }
    }

    private static double sessions(TestProxy proxy, String outcome) {
        return proxy.metric("gojinn_upstream_sessions_total", "upstream", "app", "outcome", outcome);
    }
}
