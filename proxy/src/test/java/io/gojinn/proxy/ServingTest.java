package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.RawClient.Response;
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
}
