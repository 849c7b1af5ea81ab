package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.upstream.HostPolicy;
import io.gojinn.proxy.upstream.TunnelConfig;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.UpstreamPolicy;
import io.gojinn.proxy.upstream.WireConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What targets get as Host, and what tells them the client's. */
class HostTest {
    private static TestProxy proxy(HostPolicy host, WireConfig.Protocol protocol, int... ports) {
        return TestProxy.with()
                .loops(1)
                .upstream(new UpstreamConfig(
                        "app",
                        Arrays.stream(ports)
                                .mapToObj(port -> new UpstreamConfig.Target("127.0.0.1", port, false))
                                .toList(),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(10),
                        4,
                        new WireConfig(protocol, WireConfig.Tls.defaults(), WireConfig.Http2.defaults()),
                        UpstreamPolicy.defaults(),
                        TunnelConfig.NONE,
                        host))
                .start();
    }

    private static String echoed(TestProxy proxy, String request) {
        try (RawClient client = proxy.connect()) {
            return client.send(request).read().body();
        }
    }

    private static final String ASKED = "GET / HTTP/1.1\r\nHost: shop.example:8080\r\n\r\n";
    private static final String UNNAMED = "GET / HTTP/1.0\r\n\r\n";

    @Test
    void isTheClientsUnlessSaidOtherwise() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = proxy(
                        new HostPolicy.OfClient(),
                        WireConfig.Protocol.HTTP_1_1,
                        upstream.address().getPort())) {
            assertThat(echoed(proxy, ASKED))
                    .contains("\r\nHost: shop.example:8080\r\n")
                    .contains("\r\nx-forwarded-host: shop.example:8080\r\n");
            assertThat(echoed(proxy, UNNAMED))
                    .contains("\r\nhost: 127.0.0.1:" + upstream.address().getPort() + "\r\n")
                    .doesNotContain("x-forwarded-host");
        }
    }

    @Test
    void isTheTargetsOwnAlsoAtTheSecondAttempt() throws IOException {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = proxy(
                        new HostPolicy.OfTarget(),
                        WireConfig.Protocol.HTTP_1_1,
                        closed,
                        upstream.address().getPort())) {
            String own = "\r\nhost: 127.0.0.1:" + upstream.address().getPort() + "\r\n";
            for (int i = 0; i < 4; i++) {
                assertThat(echoed(proxy, ASKED))
                        .containsIgnoringCase(own)
                        .contains("\r\nx-forwarded-host: shop.example:8080\r\n");
            }
            assertThat(echoed(proxy, UNNAMED)).containsIgnoringCase(own).doesNotContain("x-forwarded-host");
            assertThat(proxy.metric("gojinn_upstream_requests_total", "upstream", "app", "outcome", "retried"))
                    .isPositive();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "H2"})
    void isAFixedOne(WireConfig.Protocol protocol) {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy behind = TestProxy.forwardingTo(upstream);
                TestProxy proxy = proxy(
                        new HostPolicy.Fixed("inner.example"),
                        protocol,
                        behind.server().address("web").getPort())) {
            for (String request : List.of(ASKED, UNNAMED)) {
                assertThat(echoed(proxy, request))
                        .containsIgnoringCase("\r\nhost: inner.example\r\n")
                        .doesNotContainIgnoringCase("\r\nhost: shop.example");
            }
        }
    }

    /** A field of the client's cannot speak for the proxy. */
    @Test
    void leavesNoWordToTheClientsOwnForwardedHost() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = proxy(
                        new HostPolicy.Fixed("inner.example"),
                        WireConfig.Protocol.HTTP_1_1,
                        upstream.address().getPort())) {
            assertThat(echoed(
                            proxy,
                            ASKED.replace(
                                    "\r\n\r\n", "\r\nX-Forwarded-Host: evil.example\r\nConnection: host\r\n\r\n")))
                    .containsIgnoringCase("\r\nhost: inner.example\r\n")
                    .contains("\r\nx-forwarded-host: shop.example:8080\r\n")
                    .doesNotContain("evil.example");
        }
    }
}
