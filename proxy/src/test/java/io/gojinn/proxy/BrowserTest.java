package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.middleware.Coding;
import io.gojinn.proxy.middleware.CompressionRules;
import io.gojinn.proxy.route.RouteAction;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A page in Chromium that talks to an upstream through the proxy, and tells what it saw. */
class BrowserTest {
    private static final String PAGE = """
            <!doctype html>
            <script>
            async function talk() {
              const socket = new WebSocket(location.origin.replace('http', 'ws') + '/socket');
              socket.binaryType = 'arraybuffer';
              const received = [];
              await new Promise((resolve, reject) => {
                socket.onopen = resolve;
                socket.onerror = () => reject('the WebSocket did not open');
              });
              const echo = sent => new Promise((resolve, reject) => {
                socket.onmessage = event => resolve(event.data);
                socket.onclose = () => reject('the WebSocket was closed');
                socket.send(sent);
              });
              const text = await echo('gr\\u00fc\\u00dfe');
              const large = new Uint8Array(100000).map((_, i) => i * 31);
              const echoed = new Uint8Array(await echo(large));
              const same = echoed.length === large.length && echoed.every((value, i) => value === large[i]);
              const closed = await new Promise(resolve => {
                socket.onclose = event => resolve({ code: event.code, clean: event.wasClean });
                socket.close(1000);
              });
              const answers = await Promise.all([...Array(20).keys()].map(i => fetch('/plain?' + i)));
              const texts = await Promise.all(answers.map(answer => answer.text()));
              const protocols = performance.getEntriesByType('resource').map(entry => entry.nextHopProtocol);
              return { text, same, closed, plain: texts.every(text => text === 'plain'), protocols };
            }
            talk().catch(error => ({ error: String(error) })).then(seen =>
              fetch('/seen', { method: 'POST', body: JSON.stringify(seen) }));
            </script>
            """;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPageTalksThroughAWebSocketAndFetches(boolean tls) throws Exception {
        InstalledTool.require("chromium");
        CompletableFuture<String> seen = new CompletableFuture<>();
        CapturedLog access = new CapturedLog();
        FakeFunction report = reporting(seen);
        try (RawUpstream upstream = new RawUpstream(WebSocketEcho::serve);
                TestProxy proxy = proxy(upstream, report, tls).accessLog(access).start()) {
            String url = (tls ? "https" : "http") + "://localhost:"
                    + proxy.server().address("web").getPort() + "/page";
            JsonNode told = JsonMapper.shared().readTree(browse(url, seen));
            assertThat(told.has("error")).as(told.toString()).isFalse();
            assertThat(told.get("text").asString()).isEqualTo("gr\u00fc\u00dfe");
            assertThat(told.get("same").asBoolean()).isTrue();
            assertThat(told.get("plain").asBoolean()).isTrue();
            assertThat(told.at("/closed/code").asInt()).isEqualTo(1000);
            assertThat(told.at("/closed/clean").asBoolean()).isTrue();
            assertThat(told.get("protocols"))
                    .allSatisfy(protocol -> assertThat(protocol.asString()).isEqualTo(tls ? "h2" : "http/1.1"));
            // Over TLS the WebSocket is a stream of the page's connection (RFC 8441).
            assertThat(access.lines())
                    .filteredOn(line -> line.get("path").asString().equals("/socket"))
                    .singleElement()
                    .satisfies(line -> {
                        assertThat(line.get("status").asInt()).isEqualTo(tls ? 200 : 101);
                        assertThat(line.get("protocol").asString()).isEqualTo(tls ? "HTTP/2" : "HTTP/1.1");
                    });
        }
    }

    private static final String COMPRESSED_PAGE = """
            <!doctype html><meta charset="utf-8"><script>
            async function read() {
              const seen = {};
              for (const coding of ['gzip', 'br', 'zstd']) {
                const answer = await fetch('/' + coding);
                seen[coding] = { coding: answer.headers.get('content-encoding'), text: await answer.text() };
              }
              return seen;
            }
            read().catch(error => ({ error: String(error) })).then(seen =>
              fetch('/seen', { method: 'POST', body: JSON.stringify(seen) }));
            </script>
            """;

    @Test
    void aPageReadsEveryCoding() throws Exception {
        InstalledTool.require("chromium");
        CompletableFuture<String> seen = new CompletableFuture<>();
        String text = "gr\u00fc\u00dfe und mehr davon\n".repeat(500);
        TestProxy.Builder builder = TestProxy.with()
                .route(
                        "page",
                        TestProxy.path("/page"),
                        new RouteAction.Respond(
                                200, Map.of("Content-Type", "text/html; charset=utf-8"), COMPRESSED_PAGE))
                .function("/seen", reporting(seen))
                .tls(TestCertificate.tls(folder));
        for (Coding coding : Coding.values()) {
            builder.middleware(
                            coding.token(),
                            new CompressionRules(List.of(coding), CompressionRules.DEFAULT_TYPES, 0, false, 10))
                    .route(
                            "/" + coding.token(),
                            List.of(coding.token()),
                            new RouteAction.Respond(200, Map.of("Content-Type", "text/plain; charset=utf-8"), text));
        }
        try (TestProxy proxy = builder.start()) {
            String url = "https://localhost:" + proxy.server().address("web").getPort() + "/page";
            JsonNode told = JsonMapper.shared().readTree(browse(url, seen));
            for (Coding coding : Coding.values()) {
                assertThat(told.at("/" + coding.token() + "/coding").asString())
                        .as(told.toString())
                        .isEqualTo(coding.token());
                assertThat(told.at("/" + coding.token() + "/text").asString()).isEqualTo(text);
            }
        }
    }

    private static FakeFunction reporting(CompletableFuture<String> seen) {
        return new FakeFunction(invocation -> {
            ByteBuffer input = invocation.input();
            byte[] envelope = new byte[input.remaining()];
            input.get(envelope);
            seen.complete(JsonMapper.shared().readTree(envelope).get("body").asString());
            FakeFunction.reply(invocation, 200, "");
        });
    }

    private TestProxy.Builder proxy(RawUpstream upstream, FakeFunction report, boolean tls) {
        TestProxy.Builder builder = TestProxy.with()
                .route(
                        "page",
                        TestProxy.path("/page"),
                        new RouteAction.Respond(200, Map.of("Content-Type", "text/html; charset=utf-8"), PAGE))
                .function("/seen", report)
                .upstream(upstream.upgrading(Duration.ofSeconds(30), "websocket"));
        return tls ? builder.tls(TestCertificate.tls(folder)) : builder;
    }

    private String browse(String url, CompletableFuture<String> seen) throws Exception {
        Path output = folder.resolve("chromium.txt");
        Process browser = new ProcessBuilder(List.of(
                        "chromium",
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--no-first-run",
                        "--ignore-certificate-errors",
                        "--user-data-dir=" + folder.resolve("profile"),
                        url))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            return seen.get(60, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new AssertionError("the page told nothing; the browser said:\n" + text(output), e);
        } finally {
            // Its folder can be deleted when none of its processes writes any more.
            List<ProcessHandle> processes = Stream.concat(browser.descendants(), Stream.of(browser.toHandle()))
                    .toList();
            processes.forEach(ProcessHandle::destroyForcibly);
            processes.forEach(process -> process.onExit().join());
        }
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}
