package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.aayushatharva.brotli4j.decoder.BrotliInputStream;
import com.github.luben.zstd.ZstdInputStream;
import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.middleware.Coding;
import io.gojinn.proxy.middleware.CompressionRules;
import io.gojinn.proxy.route.RouteAction;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which responses are compressed, and that each is what it was before. */
class CompressionTest {
    private static final String TEXT = "A line of a page that says the same again.\n".repeat(100);
    private static final RouteAction FORWARD = new RouteAction.Forward("app");

    private static CompressionRules config(boolean credentials, int active) {
        return new CompressionRules(
                List.of(Coding.values()), CompressionRules.DEFAULT_TYPES, 1_024, credentials, active);
    }

    private static TestProxy compressing(RawUpstream upstream) {
        return compressing(upstream, config(false, 10));
    }

    private static TestProxy compressing(RawUpstream upstream, CompressionRules config) {
        return TestProxy.with()
                .middleware("compress", config)
                .route("/*", List.of("compress"), FORWARD)
                .upstream(upstream.config())
                .start();
    }

    private static RawUpstream text(String fields) {
        return RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: "
                + TEXT.length() + "\r\n" + fields + "\r\n" + TEXT);
    }

    private static String get(String fields) {
        return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    }

    private static String decoded(Response response) {
        byte[] body = response.body().getBytes(StandardCharsets.ISO_8859_1);
        try (InputStream in = switch (String.valueOf(response.header("content-encoding"))) {
            case "gzip" -> new GZIPInputStream(new ByteArrayInputStream(body));
            case "br" -> new BrotliInputStream(new ByteArrayInputStream(body));
            case "zstd" -> new ZstdInputStream(new ByteArrayInputStream(body));
            default -> new ByteArrayInputStream(body);
        }) {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"gzip | gzip", "br, gzip;q=0.5 | br", "gzip, deflate, br, zstd | zstd", "* | zstd"})
    void compressesWithWhatTheClientLikesBest(String accepted, String coding) {
        try (RawUpstream upstream = text("ETag: \"v1\"\r\nAccept-Ranges: bytes\r\nContent-MD5: x\r\nVary: Origin\r\n");
                TestProxy proxy = compressing(upstream);
                RawClient client = proxy.connect()) {
            Response response =
                    client.send(get("Accept-Encoding: " + accepted + "\r\n")).read();
            assertThat(response.header("content-encoding")).isEqualTo(coding);
            assertThat(response.header("content-length")).isNull();
            assertThat(response.header("transfer-encoding")).isEqualTo("chunked");
            assertThat(response.header("vary")).isEqualToIgnoringCase("Origin|accept-encoding");
            assertThat(response.header("etag")).isEqualTo("W/\"v1\"");
            assertThat(response.header("accept-ranges")).isNull();
            assertThat(response.header("content-md5")).isNull();
            assertThat(response.body().length()).isLessThan(TEXT.length() / 10);
            assertThat(decoded(response)).isEqualTo(TEXT);
            // The connection goes on.
            assertThat(decoded(client.send(get("Accept-Encoding: gzip\r\n")).read()))
                    .isEqualTo(TEXT);
            await().until(() -> proxy.metric("gojinn_compression_in_bytes_total", "coding", "gzip") >= TEXT.length());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Accept-Encoding: identity\r\n",
                "Accept-Encoding: gzip;q=0\r\n",
                "Accept-Encoding: deflate\r\n"
            })
    void leavesAloneWhatTheClientCannotRead(String fields) {
        try (RawUpstream upstream = text("ETag: \"v1\"\r\n");
                TestProxy proxy = compressing(upstream);
                RawClient client = proxy.connect()) {
            Response response = client.send(get(fields)).read();
            assertThat(response.header("content-encoding")).isNull();
            assertThat(response.header("content-length")).isEqualTo("" + TEXT.length());
            assertThat(response.header("etag")).isEqualTo("\"v1\"");
            // Caches must know that it could have been otherwise.
            assertThat(response.header("vary")).isEqualToIgnoringCase("accept-encoding");
            assertThat(response.body()).isEqualTo(TEXT);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "200 OK\r\nContent-Type: image/png",
                "200 OK\r\nContent-Type: application/zip",
                "200 OK\r\nContent-Type: video/mp4",
                "200 OK\r\nContent-Type: font/woff2",
                "200 OK\r\nContent-Type: text/event-stream",
                "200 OK\r\nContent-Type: application/grpc+json",
                "200 OK\r\nX-No: type",
                "200 OK\r\nContent-Type: text/html\r\nContent-Encoding: br",
                "200 OK\r\nContent-Type: text/html\r\nContent-Encoding: aes128gcm",
                "200 OK\r\nContent-Type: text/html\r\nCache-Control: max-age=1, no-transform",
                "200 OK\r\nContent-Type: text/html\r\nCache-Control: NO-TRANSFORM",
                "200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=b",
                "200 OK\r\nContent-Type: text/html\r\nCache-Control: public\r\nSet-Cookie: a=b",
                "206 Partial Content\r\nContent-Type: text/html\r\nContent-Range: bytes 0-4299/5000"
            })
    void leavesAloneWhatIsNotForIt(String head) {
        String answer = "HTTP/1.1 " + head + "\r\nETag: \"v1\"\r\nContent-Length: " + TEXT.length() + "\r\n\r\n" + TEXT;
        try (RawUpstream upstream = RawUpstream.answering(answer);
                TestProxy proxy = compressing(upstream);
                RawClient client = proxy.connect()) {
            Response response =
                    client.send(get("Accept-Encoding: gzip, br\r\n")).read();
            assertThat(response.body()).isEqualTo(TEXT);
            assertThat(response.header("etag")).isEqualTo("\"v1\"");
            assertThat(response.header("content-length")).isEqualTo("" + TEXT.length());
        }
    }

    @Test
    void leavesTinyBodiesAlone() {
        try (RawUpstream upstream = RawUpstream.answering(
                        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi");
                TestProxy proxy = compressing(upstream);
                RawClient client = proxy.connect()) {
            Response response = client.send(get("Accept-Encoding: gzip\r\n")).read();
            assertThat(response.header("content-encoding")).isNull();
            assertThat(response.body()).isEqualTo("hi");
        }
    }

    /** BREACH: who asks with credentials may get a secret, beside what somebody else has put into the request. */
    @ParameterizedTest
    @ValueSource(strings = {"Cookie: session=1\r\n", "Authorization: Bearer x\r\n"})
    void leavesSecretsAloneUnlessItIsAsked(String credentials) {
        String request = get("Accept-Encoding: gzip\r\n" + credentials);
        try (RawUpstream upstream = text("");
                TestProxy proxy = compressing(upstream);
                RawClient client = proxy.connect()) {
            assertThat(client.send(request).read().header("content-encoding")).isNull();
        }
        try (RawUpstream upstream = text("Cache-Control: public, max-age=60\r\n");
                TestProxy proxy = compressing(upstream);
                RawClient client = proxy.connect()) {
            assertThat(client.send(request).read().header("content-encoding")).isEqualTo("gzip");
        }
        try (RawUpstream upstream = text("Set-Cookie: a=b\r\n");
                TestProxy proxy = compressing(upstream, config(true, 10));
                RawClient client = proxy.connect()) {
            assertThat(client.send(request).read().header("content-encoding")).isEqualTo("gzip");
        }
    }

    @Test
    void doesWhatAClientForbids() {
        try (RawUpstream upstream = text("");
                TestProxy proxy = compressing(upstream);
                RawClient client = proxy.connect()) {
            Response response = client.send(get("Accept-Encoding: gzip\r\nCache-Control: no-transform\r\n"))
                    .read();
            assertThat(response.header("content-encoding")).isNull();
        }
    }

    @Test
    void tellsHeadWhatItWouldTellGet() {
        try (RawUpstream upstream = RawUpstream.answering(
                        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"v1\"\r\nContent-Length: 5000\r\n\r\n");
                TestProxy proxy = compressing(upstream);
                RawClient client = proxy.connect()) {
            Response response = client.send("HEAD / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n")
                    .read(true);
            assertThat(response.header("content-encoding")).isEqualTo("br");
            assertThat(response.header("content-length")).isNull();
            assertThat(response.header("etag")).isEqualTo("W/\"v1\"");
            assertThat(response.header("vary")).isEqualToIgnoringCase("accept-encoding");
            assertThat(client.send("HEAD / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n")
                            .read(true)
                            .status())
                    .isEqualTo(200);
        }
    }

    /** Who was told a weak tag is told the same one again. */
    @Test
    void confirmsTheTagThatItGave() {
        try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n");
                TestProxy proxy = compressing(upstream);
                RawClient client = proxy.connect()) {
            Response weak = client.send(get("Accept-Encoding: gzip\r\nIf-None-Match: \"v0\", W/\"v1\"\r\n"))
                    .read();
            assertThat(weak.status()).isEqualTo(304);
            assertThat(weak.header("etag")).isEqualTo("W/\"v1\"");
            assertThat(weak.header("vary")).isEqualToIgnoringCase("accept-encoding");
            assertThat(weak.header("content-encoding")).isNull();
            Response strong = client.send(get("Accept-Encoding: gzip\r\nIf-None-Match: \"v1\"\r\n"))
                    .read();
            assertThat(strong.header("etag")).isEqualTo("\"v1\"");
        }
    }

    /** What a streaming answer sends by and by can be read by and by. */
    @Test
    void flushesWhatStreams() throws Exception {
        Semaphore read = new Semaphore(0);
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send(
                            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
                    for (int i = 0; i < 3; i++) {
                        peer.send("8\r\n{\"n\": " + i + "}\r\n");
                        read.acquireUninterruptibly();
                    }
                    peer.send("0\r\n\r\n");
                    peer.awaitEnd();
                });
                TestProxy proxy = compressing(upstream);
                RawClient client = proxy.connect()) {
            client.send(get("Accept-Encoding: gzip\r\n"));
            ChunkedInput chunks = new ChunkedInput(client.socket.getInputStream());
            assertThat(chunks.head()).containsIgnoringCase("content-encoding: gzip");
            try (GZIPInputStream in = new GZIPInputStream(chunks, 1)) {
                for (int i = 0; i < 3; i++) {
                    assertThat(new String(in.readNBytes(8), StandardCharsets.UTF_8))
                            .isEqualTo("{\"n\": " + i + "}");
                    read.release();
                }
                assertThat(in.read()).isEqualTo(-1);
            }
        }
    }

    /** Whoever does not read makes the upstream wait. */
    @Test
    void holdsNextToNothingForASlowReader() throws Exception {
        AtomicLong sent = new AtomicLong();
        long total = 64L << 20;
        // Longer than the window in which a coding finds what was there before.
        byte[] noise = new byte[4 << 20];
        new Random(1).nextBytes(noise);
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + total + "\r\n\r\n");
                    while (sent.get() < total) {
                        peer.socket.getOutputStream().write(noise, (int) (sent.get() % noise.length), 64 << 10);
                        sent.addAndGet(64 << 10);
                    }
                    peer.awaitEnd();
                });
                TestProxy proxy = compressing(upstream);
                RawClient client = proxy.connect()) {
            client.send(get("Accept-Encoding: zstd\r\n"));
            AtomicLong last = new AtomicLong(-1);
            await().pollInterval(Duration.ofMillis(300))
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> {
                        long now = sent.get();
                        return now > 0 && now == last.getAndSet(now);
                    });
            assertThat(sent.get()).isLessThan(24L << 20);
            Response response = client.read();
            assertThat(response.whole()).isTrue();
            assertThat(decoded(response)).hasSize((int) total);
        }
    }

    @Test
    void compressesOnlySoManyAtOnce() throws IOException {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    while (!peer.request().isEmpty()) {
                        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + TEXT.length()
                                + "\r\n\r\n" + (peer.index == 0 ? TEXT.substring(1) : TEXT));
                    }
                });
                TestProxy proxy = compressing(upstream, config(false, 1));
                RawClient first = proxy.connect();
                RawClient second = proxy.connect()) {
            first.send(get("Accept-Encoding: gzip\r\n"));
            await().until(() -> upstream.connections.get() == 1);
            await().untilAsserted(() -> assertThat(
                            second.send(get("Accept-Encoding: gzip\r\n")).read().header("content-encoding"))
                    .isNull());
            assertThat(proxy.metric("gojinn_compression_busy_total")).isPositive();
            first.socket.close();
            await().untilAsserted(() -> assertThat(
                            second.send(get("Accept-Encoding: gzip\r\n")).read().header("content-encoding"))
                    .isEqualTo("gzip"));
        }
    }

    /** A body that breaks off must not look whole. */
    @Test
    void anAnswerThatBreaksOffDoesNotEndCleanly() {
        try (RawUpstream upstream = new RawUpstream(peer -> {
                    peer.request();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n" + TEXT);
                });
                TestProxy proxy = compressing(upstream);
                RawClient client = proxy.connect()) {
            Response response = client.send(get("Accept-Encoding: gzip\r\n")).readIfAny(false);
            assertThat(response == null || !response.whole()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br", "zstd"})
    void curlReadsIt(String coding, @TempDir Path folder) throws Exception {
        InstalledTool.require("curl");
        try (RawUpstream upstream = text("");
                TestProxy proxy = compressing(upstream)) {
            String url = "http://127.0.0.1:" + proxy.server().address("web").getPort() + "/";
            String accept = "Accept-Encoding: " + coding;
            assertThat(InstalledTool.run(folder, List.of("curl", "-sS", "--compressed", "-H", accept, url)))
                    .isEqualTo(TEXT);
            assertThat(InstalledTool.run(folder, List.of("curl", "-sSi", "-H", accept, url)))
                    .contains("content-encoding: " + coding)
                    .doesNotContain(TEXT);
        }
    }

    /** The chunks of one response as they come. */
    private static final class ChunkedInput extends InputStream {
        private final InputStream in;
        private int left;

        ChunkedInput(InputStream in) {
            this.in = in;
        }

        String head() throws IOException {
            StringBuilder head = new StringBuilder();
            while (!head.toString().endsWith("\r\n\r\n")) {
                head.append((char) in.read());
            }
            return head.toString();
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int c = in.read(); c != '\n' && c >= 0; c = in.read()) {
                line.append((char) c);
            }
            return line.toString().strip();
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            if (left < 0) {
                return -1;
            }
            if (left == 0) {
                left = Integer.parseInt(line(), 16);
                if (left == 0) {
                    left = -1;
                    return -1;
                }
            }
            int read = in.read(to, offset, Math.min(length, left));
            left -= read;
            if (left == 0) {
                line();
            }
            return read;
        }
    }
}
