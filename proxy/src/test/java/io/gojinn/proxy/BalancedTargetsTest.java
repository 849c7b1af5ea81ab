package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.upstream.BalancePolicy;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of several servers answers, as clients see it. */
class BalancedTargetsTest {
    /** Answers with its name; checks as long as it is well. */
    private static RawUpstream named(String name, AtomicBoolean well) {
        return new RawUpstream(peer -> {
            for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
                boolean check = head.startsWith("GET /healthz ");
                peer.send("HTTP/1.1 " + (check && !well.get() ? "503 No" : "200 OK") + "\r\nContent-Length: "
                        + name.length() + "\r\n\r\n" + name);
            }
        });
    }

    private static RawUpstream named(String name) {
        return named(name, new AtomicBoolean(true));
    }

    private static String answered(RawClient client, String user) {
        return client.send("GET / HTTP/1.1\r\nHost: a\r\nX-User: " + user + "\r\n\r\n")
                .read()
                .body();
    }

    @Test
    @SuppressWarnings("try") // a server that ends in the middle of it
    void theSameUserMeetsTheSameServerAndOnlyThoseOfALostOneMove() {
        Map<String, String> before = new HashMap<>();
        Map<String, String> after = new HashMap<>();
        try (RawUpstream a = named("a");
                RawUpstream b = named("b");
                RawUpstream c = named("c");
                TestProxy proxy = TestProxy.with()
                        .upstream(TestPolicy.policy()
                                .balance(new BalancePolicy.Hash(new BalancePolicy.HashSource.Header("X-User")))
                                .retry(3, 100, 0)
                                .of(a, b, c))
                        .start();
                RawClient one = proxy.connect();
                RawClient two = proxy.connect()) {
            for (int user = 0; user < 60; user++) {
                String name = "user-" + user;
                before.put(name, answered(one, name));
                assertThat(answered(two, name)).isEqualTo(before.get(name));
            }
            assertThat(new HashSet<>(before.values())).containsExactlyInAnyOrder("a", "b", "c");
            b.close();
            before.keySet().forEach(name -> after.put(name, answered(one, name)));
        }
        before.forEach((name, server) -> {
            if (server.equals("b")) {
                assertThat(after.get(name)).isIn("a", "c");
            } else {
                assertThat(after).containsEntry(name, server);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aServerThatComesBackGetsItsShareSlowlyWhenAsked(boolean slowly) {
        int requests = 200;
        AtomicBoolean well = new AtomicBoolean(true);
        try (RawUpstream steady = named("steady");
                RawUpstream back = named("back", well);
                TestProxy proxy = TestProxy.with()
                        .loops(1)
                        .upstream(TestPolicy.policy()
                                .health(30, 1_000, 1, 1)
                                .slowStart(slowly ? Duration.ofMinutes(10) : Duration.ZERO)
                                .of(steady, back))
                        .start();
                RawClient client = proxy.connect()) {
            well.set(false);
            await().until(() -> available(proxy) == 1);
            well.set(true);
            await().until(() -> available(proxy) == 2);
            int answered = 0;
            for (int i = 0; i < requests; i++) {
                answered += answered(client, "u").equals("back") ? 1 : 0;
            }
            // A tenth of its weight against the whole weight of the other: one in eleven.
            assertThat(answered).isBetween(slowly ? 10 : 90, slowly ? 30 : 110);
        }
    }

    private static double available(TestProxy proxy) {
        return proxy.metric("gojinn_upstream_available_targets", "upstream", "app");
    }
}
