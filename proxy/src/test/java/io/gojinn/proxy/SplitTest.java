package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.sticky.StickyPolicy;
import io.gojinn.proxy.upstream.BalancePolicy.HashSource;
import io.gojinn.proxy.upstream.SplitConfig;
import io.gojinn.proxy.upstream.SplitConfig.Share;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two releases behind one name: who gets which, and who stays. */
class SplitTest {
    private static final StickyPolicy COOKIE =
            new StickyPolicy("release", Optional.of(Duration.ofHours(1)), Optional.empty());
    private static final int USERS = 400;

    private final RawUpstream stable = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstable");
    private final RawUpstream canary = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary");

    @AfterEach
    void stop() {
        stable.close();
        canary.close();
    }

    private TestProxy.Builder split(
            int ofStable, int ofCanary, Optional<HashSource> by, Optional<StickyPolicy> sticky) {
        return TestProxy.with()
                .upstream(TestPolicy.policy().named("stable").of(stable))
                .upstream(TestPolicy.policy()
                        .named("canary")
                        .health(20, 1_000, 1, 1)
                        .of(canary))
                .split(new SplitConfig(
                        "app", List.of(new Share("stable", ofStable), new Share("canary", ofCanary)), by, sticky));
    }

    private TestProxy.Builder byUser(int ofStable, int ofCanary) {
        return split(ofStable, ofCanary, Optional.of(new HashSource.Header("X-User")), Optional.empty());
    }

    private TestProxy.Builder byCookie(int ofStable, int ofCanary) {
        return split(ofStable, ofCanary, Optional.empty(), Optional.of(COOKIE));
    }

    private static Response get(RawClient client, String field) {
        return client.send("GET / HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n").read();
    }

    private static boolean[] inCanary(RawClient client) {
        boolean[] canary = new boolean[USERS];
        for (int user = 0; user < USERS; user++) {
            canary[user] = get(client, "X-User: user-" + user).body().equals("canary");
        }
        return canary;
    }

    private static int count(boolean[] users) {
        int count = 0;
        for (boolean user : users) {
            count += user ? 1 : 0;
        }
        return count;
    }

    @Test
    void aGreaterWeightAddsUsersAndMovesNobodyBack() throws Exception {
        try (TestProxy proxy = byUser(90, 10).start();
                RawClient client = proxy.connect()) {
            boolean[] tenth = inCanary(client);
            // The standard deviation is 6.
            assertThat(count(tenth)).isBetween(20, 60);
            proxy.reload(byUser(70, 30));
            boolean[] third = inCanary(client);
            assertThat(count(third)).isBetween(90, 150);
            for (int user = 0; user < USERS; user++) {
                assertThat(!tenth[user] || third[user])
                        .as("user %d stays", user)
                        .isTrue();
            }
            assertThat(proxy.metric("gojinn_split_requests_total", "split", "app", "upstream", "canary", "by", "key"))
                    .isEqualTo(count(tenth) + count(third));
        }
    }

    @Test
    void chanceFollowsTheWeights() {
        try (TestProxy proxy = split(75, 25, Optional.empty(), Optional.empty()).start();
                RawClient client = proxy.connect()) {
            int canaries = 0;
            for (int i = 0; i < USERS; i++) {
                canaries += get(client, "X-User: same").body().equals("canary") ? 1 : 0;
            }
            // 100 expected, six standard deviations of 9.
            assertThat(canaries).isBetween(46, 154);
        }
    }

    @Test
    void aCookieLeadsBackForAsLongAsItsReleaseTakesAnybody() throws Exception {
        try (TestProxy proxy = byCookie(0, 1).start();
                RawClient client = proxy.connect()) {
            String setCookie = String.valueOf(get(client, "X: y").header("set-cookie"));
            assertThat(setCookie)
                    .matches("release=[A-Za-z0-9_-]{22}; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600")
                    .doesNotContain("canary");
            String cookie = "Cookie: other=1; " + setCookie.substring(0, setCookie.indexOf(';'));
            // Nearly nobody gets it by chance now, and the cookie holds in another config.
            proxy.reload(byCookie(1_000_000, 1));
            for (int i = 0; i < 5; i++) {
                Response kept = get(client, cookie);
                assertThat(kept.body()).isEqualTo("canary");
                assertThat(kept.header("set-cookie")).isNull();
            }
            assertThat(proxy.metric(
                            "gojinn_split_requests_total", "split", "app", "upstream", "canary", "by", "cookie"))
                    .isEqualTo(5);
            proxy.reload(byCookie(1, 0));
            Response moved = get(client, cookie);
            assertThat(moved.body()).isEqualTo("stable");
            assertThat(moved.header("set-cookie")).startsWith("release=");
        }
    }

    @Test
    void aForgedCookieCountsAsNone() {
        try (TestProxy proxy = byCookie(1_000_000, 1).start();
                RawClient client = proxy.connect()) {
            for (String forged :
                    List.of("canary", "", "AAAAAAAAAAAAAAAAAAAAAA", "\"canary\"", "%00", "x".repeat(4_000))) {
                Response response = get(client, "Cookie: release=" + forged);
                assertThat(response.body()).isEqualTo("stable");
                assertThat(response.header("set-cookie")).startsWith("release=");
            }
        }
    }

    @Test
    void aReleaseThatIsDownGetsNobodyWhileAnotherIsUp() {
        try (TestProxy proxy = byCookie(1, 1_000_000).start();
                RawClient client = proxy.connect()) {
            String setCookie = String.valueOf(get(client, "X: y").header("set-cookie"));
            String cookie = "Cookie: " + setCookie.substring(0, setCookie.indexOf(';'));
            assertThat(get(client, cookie).body()).isEqualTo("canary");
            canary.close();
            await().until(() -> proxy.metric("gojinn_upstream_available_targets", "upstream", "canary") == 0);
            assertThat(get(client, "X: y").body()).isEqualTo("stable");
            assertThat(get(client, cookie).body()).isEqualTo("stable");
        }
    }
}
