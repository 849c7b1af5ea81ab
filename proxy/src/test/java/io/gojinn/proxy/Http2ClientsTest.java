package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.listen.Protocol;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clients that others wrote. */
class Http2ClientsTest {
    private static final String LARGE = "0123456789abcdef".repeat(20_000);

    @TempDir
    private Path folder;

    private TestProxy proxy(RawUpstream upstream, boolean tls, Protocol... protocols) {
        TestProxy.Builder builder = TestProxy.with()
                .respond("/respond", "hi")
                .respond("/large", LARGE)
                .function("/function", FakeFunction.echo())
                .upstream(upstream.config());
        if (protocols.length > 0) {
            builder.protocols(protocols);
        }
        return (tls ? builder.tls(TestCertificate.tls(folder)) : builder).start();
    }

    private static String url(TestProxy proxy, boolean tls, String path) {
        return (tls ? "https" : "http") + "://127.0.0.1:"
                + proxy.server().address("web").getPort() + path;
    }

    @ParameterizedTest
    @CsvSource({
        "--http2, true, 2",
        "--http1.1, true, 1.1",
        "--http2-prior-knowledge, false, 2",
        "--http1.1, false, 1.1",
        // The upgrade is deprecated, and ignored (RFC 9113, 3.1).
        "--http2, false, 1.1",
    })
    void curlGetsAndPostsOnEveryRoute(String option, boolean tls, String version) throws Exception {
        InstalledTool.require("curl");
        Path body = Files.writeString(folder.resolve("body"), LARGE);
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = proxy(upstream, tls)) {
            assertThat(curl(option, url(proxy, tls, "/respond"))).isEqualTo("hi 200 " + version);
            assertThat(curl(option, url(proxy, tls, "/large"))).isEqualTo(LARGE + " 200 " + version);
            assertThat(curl(option, url(proxy, tls, "/upstream"), "--data-binary", "@" + body))
                    .startsWith("POST /upstream HTTP/1.1\r\n")
                    .containsIgnoringCase("\r\ncontent-length: " + LARGE.length() + "\r\n")
                    .contains("\r\nvia: " + (version.equals("2") ? "2.0" : version) + " gojinn\r\n")
                    .endsWith("\r\n\r\n" + LARGE + " 200 " + version);
            assertThat(curl(option, url(proxy, tls, "/function"), "--data-binary", "@" + body))
                    .contains("\"body\":\"" + LARGE + '"')
                    .endsWith(" 200 " + version);
        }
    }

    private String curl(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of("curl", "-sSk", "--max-time", "20", "-w", " %{http_code} %{http_version}"));
        command.addAll(List.of(arguments));
        return InstalledTool.run(folder, command);
    }

    @Test
    void theClientOfTheJdkSharesOneConnection() throws Exception {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = proxy(upstream, true);
                HttpClient client = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_2)
                        .sslContext(TestCertificate.trustingEverybody())
                        .build()) {
            String address = url(proxy, true, "").replace("127.0.0.1", "localhost");
            HttpRequest first =
                    HttpRequest.newBuilder(URI.create(address + "/respond")).build();
            assertThat(client.send(first, BodyHandlers.ofString()).body()).isEqualTo("hi");
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                String path = i % 3 == 0 ? "/large" : i % 3 == 1 ? "/upstream?" + i : "/function";
                HttpRequest request = HttpRequest.newBuilder(URI.create(address + path))
                        .POST(BodyPublishers.ofString(i + LARGE))
                        .build();
                answers.add(client.sendAsync(request, BodyHandlers.ofString()));
            }
            for (int i = 0; i < answers.size(); i++) {
                HttpResponse<String> answer = answers.get(i).get(30, TimeUnit.SECONDS);
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
                assertThat(answer.body())
                        .contains(i % 3 == 0 ? LARGE : i + LARGE)
                        .contains(i % 3 == 1 ? "/upstream?" + i + " " : "");
            }
            assertThat(proxy.metric("gojinn_open_connections", "listener", "web"))
                    .isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"/respond, false", "/upstream, false", "/function, true", "/large, true"})
    void h2loadLosesNothing(String path, boolean tls) throws Exception {
        InstalledTool.require("h2load");
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = proxy(upstream, tls)) {
            String output = InstalledTool.run(
                    folder, List.of("h2load", "-n", "1000", "-c", "4", "-m", "32", url(proxy, tls, path)));
            assertThat(output)
                    .contains("1000 total, 1000 started, 1000 done, 1000 succeeded, 0 failed, 0 errored, 0 timeout")
                    .contains("status codes: 1000 2xx");
        }
    }

    @Test
    void aListenerSpeaksOnlyWhatItIsToldTo() throws Exception {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy one = proxy(upstream, true, Protocol.HTTP_1_1);
                TestProxy two = proxy(upstream, true, Protocol.HTTP_2)) {
            assertThat(curl("--http2", url(one, true, "/respond"))).isEqualTo("hi 200 1.1");
            assertThat(curl("--http2", url(two, true, "/respond"))).isEqualTo("hi 200 2");
            assertThat(curl("--http1.1", url(two, true, "/respond"))).doesNotContain("hi 200");
            assertThat(two.metric("gojinn_rejected_connections_total", "listener", "web", "reason", "protocol"))
                    .isEqualTo(1);
        }
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy one = proxy(upstream, false, Protocol.HTTP_1_1)) {
            assertThat(curl("--http2-prior-knowledge", url(one, false, "/respond")))
                    .doesNotContain("hi 200");
        }
    }
}
