package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.RawClient.Response;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdminTest {
    @Test
    void showsHealthStatusAndMetrics() {
        try (TestProxy proxy = TestProxy.with().admin().respond("/", "hi").start()) {
            try (RawClient client = proxy.connect()) {
                client.get("/").read();
            }
            assertThat(ask(proxy, "GET", "/health", "localhost", "").body()).isEqualTo("{\"status\":\"up\"}");
            assertThat(ask(proxy, "GET", "/status", "127.0.0.1:1", "").body()).isEqualTo("{\"functions\":[]}");
            Response plain = ask(proxy, "GET", "/metrics?x", "127.0.0.1", "");
            assertThat(plain.header("content-type")).startsWith("text/plain; version=0.0.4");
            assertThat(plain.body()).contains("gojinn_requests_total{route=\"respond/\",status=\"2xx\",} 1.0");
            Response open =
                    ask(proxy, "GET", "/metrics", "[::1]:9", "Accept: application/openmetrics-text; version=1.0.0\r\n");
            assertThat(open.header("content-type")).startsWith("application/openmetrics-text");
            assertThat(open.body()).endsWith("# EOF\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /, localhost, 404",
        "POST, /health, localhost, 405",
        "GET, /health, evil.example, 403",
        "GET, /health, localhost.evil.example, 403",
        "GET, /health, 10.0.0.1, 403",
    })
    void refusesEverythingElse(String method, String path, String host, int status) {
        try (TestProxy proxy = TestProxy.with().admin().respond("/", "hi").start()) {
            assertThat(ask(proxy, method, path, host, "").status()).isEqualTo(status);
        }
    }

    @Test
    void saysThatItIsDraining() {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        FakeFunction function = new FakeFunction(invocation -> {
            invocation.input();
            running.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            FakeFunction.reply(invocation, 200, "done");
        });
        try (TestProxy proxy = TestProxy.with()
                        .admin()
                        .function("/f", function)
                        .grace(Duration.ofSeconds(10))
                        .start();
                RawClient client = proxy.connect()) {
            client.get("/f");
            await().until(() -> running.getCount() == 0);
            CompletableFuture<Integer> drained =
                    CompletableFuture.supplyAsync(() -> proxy.server().drain());
            await().until(() -> ask(proxy, "GET", "/health", "localhost", "").status() == 503);
            assertThat(ask(proxy, "GET", "/health", "localhost", "").body()).isEqualTo("{\"status\":\"draining\"}");
            goOn.countDown();
            assertThat(client.read().status()).isEqualTo(200);
            assertThat(drained.join()).isZero();
        }
    }

    private static Response ask(TestProxy proxy, String method, String path, String host, String fields) {
        try (RawClient client = RawClient.connect(proxy.server().adminAddress().orElseThrow())) {
            return client.send(method + ' ' + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n")
                    .read();
        }
    }
}
