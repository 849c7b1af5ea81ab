package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.upstream.DnsConfig;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.WireConfig;
import io.netty.handler.codec.dns.DnsResponseCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import javax.net.ServerSocketFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Targets whose names lead somewhere else after a while. */
@SuppressWarnings({"StringConcatToTextBlock", "try"}) // the wire ends lines in CR LF; servers are only there
class NamesTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    @Test
    void followsANameToItsNewAddress() {
        try (RawUpstream one = answering("one");
                RawUpstream two = at("127.0.0.2", one.address().getPort(), "two");
                TestDns dns = new TestDns("127.0.0.1");
                TestProxy proxy = start(dns, one.address().getPort());
                RawClient client = proxy.connect()) {
            assertThat(client.send(GET).read().body()).isEqualTo("one");
            dns.answer("127.0.0.2");
            await().until(() -> client.send(GET).read().body().equals("two"));
            assertThat(client.send(GET).read().body()).isEqualTo("two");
            assertThat(targets(proxy)).isEqualTo(1);
            // The idle connection to the address that is gone is closed.
            await().until(() -> proxy.metric("gojinn_upstream_connections", "upstream", "app") == 1);
        }
    }

    @Test
    void takesEveryAddressOfANameForATarget() {
        try (RawUpstream one = answering("one");
                RawUpstream two = at("127.0.0.2", one.address().getPort(), "two");
                TestDns dns = new TestDns("127.0.0.1", "127.0.0.2");
                TestProxy proxy = start(dns, one.address().getPort());
                RawClient client = proxy.connect()) {
            assertThat(bodies(client, 2)).containsExactlyInAnyOrder("one", "two");
            assertThat(targets(proxy)).isEqualTo(2);
        }
    }

    @Test
    void followsEachOfTwoNamesForOneAddress() {
        try (RawUpstream one = answering("one");
                RawUpstream two = at("127.0.0.2", one.address().getPort(), "two");
                TestDns dns = new TestDns("127.0.0.1");
                TestProxy proxy = start(dns, one.address().getPort(), "app.test", "other.test");
                RawClient client = proxy.connect()) {
            assertThat(targets(proxy)).isEqualTo(2);
            dns.answer("127.0.0.2");
            // In turn: two answers are one of each name.
            await().until(() -> bodies(client, 2).equals(Set.of("two")));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 0}) // SERVFAIL, NXDOMAIN, and an answer without addresses
    void keepsTheLastAnswerWhileThereIsNone(int code) {
        try (RawUpstream one = answering("one");
                TestDns dns = new TestDns("127.0.0.1");
                TestProxy proxy = start(dns, one.address().getPort());
                RawClient client = proxy.connect()) {
            dns.answer();
            dns.fail(DnsResponseCode.valueOf(code));
            int before = dns.queries.get();
            await().until(() -> dns.queries.get() > before + 3);
            assertThat(client.send(GET).read().body()).isEqualTo("one");
        }
    }

    @Test
    void answers502AsLongAsANameLeadsNowhere() {
        try (RawUpstream one = answering("one");
                TestDns dns = new TestDns();
                TestProxy proxy = start(dns, one.address().getPort());
                RawClient client = proxy.connect()) {
            Response nowhere = client.send(GET).read();
            assertThat(nowhere.status()).isEqualTo(502);
            assertThat(nowhere.header("x-gojinn-error")).isEqualTo("upstream_resolve");
            dns.answer("127.0.0.1");
            await().until(() -> client.send(GET).read().status() == 200);
        }
    }

    @Test
    void letsARequestEndWhoseAddressIsGone() {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (RawUpstream one = new RawUpstream(peer -> {
                    peer.request();
                    asked.countDown();
                    await().until(() -> goOn.getCount() == 0);
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
                    peer.awaitEnd();
                });
                RawUpstream two = at("127.0.0.2", one.address().getPort(), "two");
                TestDns dns = new TestDns("127.0.0.1");
                TestProxy proxy = start(dns, one.address().getPort());
                RawClient first = proxy.connect();
                RawClient second = proxy.connect()) {
            first.send(GET);
            await().until(() -> asked.getCount() == 0);
            dns.answer("127.0.0.2");
            int before = dns.queries.get();
            await().until(() -> dns.queries.get() > before + 2);
            assertThat(second.send(GET).read().body()).isEqualTo("two");
            goOn.countDown();
            assertThat(first.read().body()).isEqualTo("one");
            await().until(() -> proxy.metric("gojinn_upstream_connections", "upstream", "app") == 1);
        }
    }

    @Test
    void asksNoMoreOftenThanAnAnswerLives() {
        try (RawUpstream one = answering("one");
                TestDns dns = new TestDns("127.0.0.1")) {
            dns.ttl(Duration.ofHours(1));
            try (TestProxy proxy = start(dns, one.address().getPort());
                    RawClient client = proxy.connect()) {
                for (int i = 0; i < 20; i++) {
                    assertThat(client.send(GET).read().body()).isEqualTo("one");
                }
                assertThat(dns.queries).hasValue(1);
            }
        }
    }

    private static Set<String> bodies(RawClient client, int requests) {
        Set<String> bodies = new HashSet<>();
        for (int i = 0; i < requests; i++) {
            bodies.add(client.send(GET).read().body());
        }
        return bodies;
    }

    private static RawUpstream answering(String body) {
        return RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
    }

    // The same port at another address of loopback.
    private static RawUpstream at(String address, int port, String body) {
        return new RawUpstream(
                peer -> {
                    while (!peer.request().isEmpty()) {
                        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                    }
                },
                new ServerSocketFactory() {
                    @Override
                    public ServerSocket createServerSocket(int any, int backlog, InetAddress loopback)
                            throws IOException {
                        return new ServerSocket(port, backlog, InetAddress.ofLiteral(address));
                    }

                    @Override
                    public ServerSocket createServerSocket(int any) throws IOException {
                        return createServerSocket(any, 50);
                    }

                    @Override
                    public ServerSocket createServerSocket(int any, int backlog) throws IOException {
                        return createServerSocket(any, backlog, InetAddress.getLoopbackAddress());
                    }
                });
    }

    private static TestProxy start(TestDns dns, int port) {
        return start(dns, port, "app.test");
    }

    private static TestProxy start(TestDns dns, int port, String... names) {
        return TestProxy.with()
                .loops(1)
                .dns(new DnsConfig(List.of(dns.address()), Duration.ofMillis(50), Duration.ofMinutes(5)))
                .upstream(new UpstreamConfig(
                        "app",
                        Stream.of(names)
                                .map(name -> new UpstreamConfig.Target(name, port, false))
                                .toList(),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(5),
                        4,
                        WireConfig.defaults()))
                .start();
    }

    private static double targets(TestProxy proxy) {
        return proxy.metric("gojinn_upstream_targets", "upstream", "app");
    }
}
