package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.address.ProxyTrust;
import io.gojinn.proxy.http.Http2Limits;
import io.gojinn.proxy.listen.ListenerConfig;
import io.gojinn.proxy.listen.ListenerLimits;
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ServingTest {
    @Test
    void answersWithFixedContent() {
        try (TestProxy proxy = TestProxy.with().respond("/hi", "hello").start();
                RawClient client = proxy.connect()) {
            Response response = client.get("/hi").read();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("hello");
            assertThat(response.headers()).containsKey("date").doesNotContainKeys("server", "connection");
        }
    }

    @Test
    void forwardsAndKeepsBothConnections() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 3; i++) {
                Response response = client.send(
                                "POST /x?q=" + i + " HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody")
                        .read();
                assertThat(response.body())
                        .startsWith("POST /x?q=" + i + " HTTP/1.1")
                        .endsWith("\r\n\r\nbody");
            }
            assertThat(upstream.connections).hasValue(1);
        }
    }

    @Test
    void namesTheListenerThatCannotBeBoundAndLeavesNothingOpen() throws IOException {
        InetSocketAddress first;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            first = (InetSocketAddress) free.getLocalSocketAddress();
        }
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            InetSocketAddress second = (InetSocketAddress) taken.getLocalSocketAddress();
            ProxyConfig config = new ProxyConfig(
                    1,
                    Duration.ofSeconds(1),
                    List.of(listener("first", first), listener("second", second)),
                    List.of(),
                    List.of(),
                    Optional.empty());
            assertThatThrownBy(() -> ProxyServer.start(
                            config, Map.of(), new CollectorRegistry(), TestProxy.NO_OPERATIONS, Optional.empty()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("listener second")
                    .hasMessageContaining(String.valueOf(second.getPort()));
            assertThatThrownBy(() -> new Socket(first.getAddress(), first.getPort()).close())
                    .isInstanceOf(ConnectException.class);
        }
    }

    @Test
    void callsAFunction() {
        try (TestProxy proxy =
                        TestProxy.with().function("/f", FakeFunction.echo()).start();
                RawClient client = proxy.connect()) {
            Response response = client.send("POST /f HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody")
                    .read();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("x-from")).isEqualTo("function");
            assertThat(response.body()).contains("\"method\":\"POST\"").contains("\"body\":\"body\"");
        }
    }

    private static ListenerConfig listener(String name, InetSocketAddress address) {
        return new ListenerConfig(
                name,
                address,
                ListenerConfig.ALL_PROTOCOLS,
                Optional.empty(),
                ListenerLimits.defaults(),
                Http2Limits.defaults(),
                false,
                ProxyTrust.NOBODY);
    }
}
