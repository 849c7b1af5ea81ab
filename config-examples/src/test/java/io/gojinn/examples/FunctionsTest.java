package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Functions of several languages, and hostile ones, behind a whole server. */
class FunctionsTest {
    private static final String LISTENERS = """
            [[listener]]
            name = "web"
            address = "127.0.0.1:8080"

            [[listener]]
            name = "secure"
            address = "127.0.0.1:8443"
            tls = { certificates = [{ certificate = "site.pem", key = "site.key" }] }

            [admin]
            address = "127.0.0.1:2019"
            """;

    @TempDir
    Path folder;

    @Test
    void functionsOfEveryLanguageAnswerOverHttpAndHttps() throws Exception {
        Gojinn.Served served = Gojinn.config(
                LISTENERS
                        + function("greet", "../functions/greet.wasm", "30s")
                        + function("tax", "../functions/tax.wasm", "30s")
                        + function("hello", "../functions/hello.wasm", "30s")
                        + function("sleep", "../functions/sleep.wasm", "30s")
                        + function("counter", "../functions/counter.wasm", "30s")
                        + function("echo", "../functions/echo.wasm", "30s"),
                folder);
        certificate();
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            for (String base : List.of("http://127.0.0.1:" + served.port(), "https://localhost:" + served.tlsPort())) {
                assertThat(curl(base + "/greet?name=C")).contains("Hello, C!");
                assertThat(curl(base + "/tax", "-d", "{\"id\":\"1\",\"value\":100}"))
                        .contains("115.00");
                assertThat(curl(base + "/hello")).contains("Go");
                assertThat(curl(base + "/sleep")).contains("elapsed");
                assertThat(curl(base + "/echo", "-d", "come back")).isEqualTo("come back");
                String first = curl(base + "/counter");
                assertThat(first)
                        .contains("\"initialized\":1")
                        .contains("\"requests\":1")
                        .contains("boot");
                assertThat(curl(base + "/counter")).isEqualTo(first);
            }
            assertThat(gojinn.log()).isNotEmpty();
        }
    }

    @Test
    void everyFailureHasItsStatusAndTheServerGoesOn() throws Exception {
        Gojinn.Served served = Gojinn.config(
                plainListener()
                        + function("busy", "MODULES/busy-loop.wasm", "50ms")
                        + function("burner", "MODULES/busy-loop.wasm", "30s")
                                .replace("timeout", "fuel = 1_000_000\ntimeout")
                        + function("trap", "MODULES/trap.wasm", "30s")
                        + function("exit", "MODULES/exit-3.wasm", "30s")
                        + function("stack", "MODULES/recursion.wasm", "30s")
                        + function("hog", "MODULES/memory-hog.wasm", "30s")
                        + function("text", "MODULES/text.wasm", "30s")
                        + function("writer", "MODULES/writer.wasm", "30s")
                        + function("ok", "MODULES/ok.wasm", "30s"),
                folder);
        Map<String, String> expected = Map.of(
                "/busy", "504 deadline",
                "/burner", "504 fuel",
                "/trap", "500 trap",
                "/exit", "500 exit",
                "/stack", "500 stack",
                "/hog", "500 memory",
                "/text", "502 contract",
                "/writer", "502 output_limit",
                "/ok", "200 ");
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            for (int round = 0; round < 3; round++) {
                for (Map.Entry<String, String> route : expected.entrySet()) {
                    HttpResponse<String> response = Gojinn.get(served.uri(route.getKey()));
                    assertThat(response.statusCode() + " "
                                    + response.headers()
                                            .firstValue("x-gojinn-error")
                                            .orElse(""))
                            .as(route.getKey() + response.body())
                            .isEqualTo(route.getValue());
                }
            }
            HttpResponse<String> tooLarge = Gojinn.post(served.uri("/ok"), "x".repeat((1 << 20) + 1));
            assertThat(tooLarge.statusCode()).isEqualTo(413);
            assertThat(tooLarge.headers().firstValue("x-gojinn-error")).contains("body_limit");
            assertThat(Gojinn.post(served.uri("/ok"), "x".repeat(1 << 20)).statusCode())
                    .isEqualTo(200);
            assertThat(gojinn.log()).isNotEmpty();
        }
    }

    @Test
    void crashesLeaveHealthyCallsAlone() throws Exception {
        Gojinn.Served served = Gojinn.config(
                plainListener()
                        + function("trap", "MODULES/trap.wasm", "30s")
                        + function("greet", "../functions/greet.wasm", "20s"),
                folder);
        try (Gojinn gojinn = Gojinn.serve(served.file());
                ExecutorService clients = Executors.newFixedThreadPool(50)) {
            AtomicInteger next = new AtomicInteger();
            Map<String, LongAdder> outcomes = new ConcurrentHashMap<>();
            List<Future<?>> running = new ArrayList<>();
            for (int client = 0; client < 50; client++) {
                running.add(clients.submit(() -> {
                    int call;
                    while ((call = next.getAndIncrement()) < 11_000) {
                        String outcome = call % 11 == 0
                                ? "trap " + Gojinn.get(served.uri("/trap")).statusCode()
                                : greeting(served.uri("/greet?name=n" + call), "Hello, n" + call + "!");
                        outcomes.computeIfAbsent(outcome, key -> new LongAdder())
                                .increment();
                    }
                    return null;
                }));
            }
            for (Future<?> client : running) {
                client.get(5, TimeUnit.MINUTES);
            }
            assertThat(outcomes.keySet()).as(outcomes.toString()).containsExactlyInAnyOrder("trap 500", "right");
            assertThat(outcomes.values().stream().mapToLong(LongAdder::sum)).containsExactlyInAnyOrder(1_000L, 10_000L);
            await().atMost(Duration.ofSeconds(10)).until(() -> served.metric("gojinn_active_sandboxes") == 0);
            assertThat(gojinn.log()).isNotEmpty();
        }
    }

    @Test
    void terminationUnderLoadLosesNoRequest() throws Exception {
        Gojinn.Served served = Gojinn.example("quickstart", folder);
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            for (int call = 0; call < 200; call++) {
                Gojinn.get(served.uri("/greet?name=warm"));
            }
            AtomicBoolean stopping = new AtomicBoolean();
            LongAdder answered = new LongAdder();
            List<Future<?>> running = new ArrayList<>();
            List<String> lost = Collections.synchronizedList(new ArrayList<>());
            try (ExecutorService clients = Executors.newFixedThreadPool(16)) {
                for (int client = 0; client < 16; client++) {
                    String path = client % 2 == 0 ? "/greet?name=x" : "/";
                    running.add(clients.submit(() -> {
                        KeepAliveClient.run(served.port(), path, stopping, answered, lost);
                        return null;
                    }));
                }
                await().until(() -> answered.sum() > 2_000);
                stopping.set(true);
                gojinn.terminate();
                for (Future<?> client : running) {
                    client.get(1, TimeUnit.MINUTES);
                }
            }
            assertThat(gojinn.exitCode()).isZero();
            assertThat(lost).isEmpty();
        }
    }

    private static String greeting(URI uri, String expected) throws Exception {
        HttpResponse<String> response = Gojinn.get(uri);
        return response.body().contains(expected) ? "right" : response.statusCode() + " " + response.body();
    }

    private static String plainListener() {
        return """
                [[listener]]
                name = "web"
                address = "127.0.0.1:8080"

                [admin]
                address = "127.0.0.1:2019"
                """;
    }

    private static String function(String name, String module, String timeout) {
        return """

                [[function]]
                name = "%1$s"
                module = "%2$s"
                timeout = "%3$s"

                [[route]]
                name = "%1$s"
                match = { path = "/%1$s" }
                function = "%1$s"
                """.formatted(name, module, timeout);
    }

    private void certificate() throws Exception {
        X509Bundle bundle = new CertificateBuilder()
                .subject("CN=localhost")
                .addSanDnsName("localhost")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        Files.writeString(folder.resolve("site.pem"), bundle.getCertificatePathPEM());
        Files.writeString(folder.resolve("site.key"), bundle.getPrivateKeyPEM());
    }

    private String curl(String uri, String... options) throws Exception {
        List<String> command = new ArrayList<>(
                List.of("curl", "-sS", "--fail-with-body", "--max-time", "30", "--cacert", "site.pem", uri));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
