package io.gojinn.proxy;

import static io.gojinn.proxy.Http2Client.END_HEADERS;
import static io.gojinn.proxy.Http2Client.END_STREAM;
import static io.gojinn.proxy.Http2Client.HEADERS;
import static io.gojinn.proxy.Http2Client.NO_ERROR;
import static io.gojinn.proxy.Http2Client.PROTOCOL_ERROR;
import static io.gojinn.proxy.Http2Client.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.Http2Client.Head;
import io.gojinn.proxy.Http2Client.Response;
import io.gojinn.proxy.listen.ListenerLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests of HTTP/2 reach an upstream in one form, or not at all. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class Http2MessageTest {
    private final Queue<String> requests = new ConcurrentLinkedQueue<>();
    private final RawUpstream upstream = new RawUpstream(peer -> {
        for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
            StringBuilder request = new StringBuilder(head);
            int lengthAt = head.indexOf("content-length: ") + 16;
            int length = lengthAt < 16 ? 0 : Integer.parseInt(head.substring(lengthAt, head.indexOf('\r', lengthAt)));
            boolean chunked = head.contains("transfer-encoding: chunked");
            while (chunked
                    ? request.indexOf("\r\n0\r\n") < 0 || !request.toString().endsWith("\r\n\r\n")
                    : request.length() < head.length() + length) {
                int c = peer.read();
                if (c < 0) {
                    requests.add("TRUNCATED " + request);
                    return;
                }
                request.append((char) c);
            }
            requests.add(request.toString());
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    private final TestProxy proxy = TestProxy.with()
            .limits(new ListenerLimits(100, 4096, 20, Duration.ofSeconds(10), Duration.ofSeconds(10)))
            .upstream(upstream.config())
            .start();

    @BeforeEach
    void forget() {
        requests.clear();
    }

    @AfterAll
    void close() {
        proxy.close();
        upstream.close();
    }

    @Test
    void aRequestIsTranslatedIntoOneForm() {
        try (Http2Client client = Http2Client.connect(proxy)) {
            Head head = new Head()
                    .with(":method", "GET")
                    .with(":path", "/a%20b?c=d&e")
                    .with(":scheme", "http")
                    .with(":authority", "Example.com:8080")
                    .with("cookie", "a=1")
                    .with("accept", "*/*")
                    .with("cookie", "b=2")
                    .with("te", "trailers")
                    .with("host", "example.com:8080")
                    .with("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
                    .with("x-empty", "");
            assertThat(client.request(1, head).response(1).body()).isEqualTo("ok");
        }
        String request = requests.remove();
        assertThat(request).startsWith("GET /a%20b?c=d&e HTTP/1.1\r\n").endsWith("\r\n\r\n");
        assertThat(request.split("\r\n"))
                .contains(
                        "host: Example.com:8080",
                        "cookie: a=1; b=2",
                        "accept: */*",
                        "x-empty: ",
                        "te: trailers",
                        "connection: te",
                        "via: 2.0 gojinn",
                        "x-forwarded-proto: http",
                        "x-forwarded-for: 127.0.0.1")
                .noneMatch(line -> line.startsWith(":") || line.startsWith("transfer-"));
    }

    @Test
    void aBodyOfKnownLengthKeepsItAndOneOfUnknownLengthIsChunked() {
        try (Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, Head.request("POST", "/").with("content-length", "4"))
                    .data(1, "bo", false)
                    .data(1, "dy", true);
            assertThat(client.response(1).status()).isEqualTo(200);
            client.open(3, Head.request("POST", "/")).data(3, "body", true);
            assertThat(client.response(3).status()).isEqualTo(200);
            client.open(5, Head.request("POST", "/"))
                    .data(5, "body", false)
                    .frame(
                            HEADERS,
                            END_HEADERS | END_STREAM,
                            5,
                            new Head()
                                    .with("x-checksum", "1")
                                    .with("content-length", "7")
                                    .bytes());
            assertThat(client.response(5).status()).isEqualTo(200);
        }
        assertThat(requests.remove()).contains("content-length: 4\r\n").endsWith("\r\n\r\nbody");
        assertThat(requests.remove())
                .contains("transfer-encoding: chunked\r\n")
                .doesNotContain("content-length")
                .endsWith("\r\n\r\n4\r\nbody\r\n0\r\n\r\n");
        assertThat(requests.remove()).endsWith("\r\n\r\n4\r\nbody\r\n0\r\nx-checksum: 1\r\n\r\n");
    }

    static Stream<Arguments> malformed() {
        List<Arguments> cases = new ArrayList<>();
        Map<String, String> fields = Map.ofEntries(
                Map.entry("X-Upper", "1"),
                Map.entry("x y", "1"),
                Map.entry("x:y", "1"),
                Map.entry("", "1"),
                Map.entry("x-\r\ny", "1"),
                Map.entry("x\u0000", "1"),
                Map.entry("x-cr", "a\r\nTransfer-Encoding: chunked"),
                Map.entry("x-lf", "a\nb"),
                Map.entry("x-nul", "a\u0000b"),
                Map.entry("x-esc", "a\u001bb"),
                Map.entry("x-del", "a\u007fb"),
                Map.entry("x-leading", " a"),
                Map.entry("x-trailing", "a\t"),
                Map.entry("connection", "keep-alive"),
                Map.entry("keep-alive", "1"),
                Map.entry("proxy-connection", "close"),
                Map.entry("transfer-encoding", "chunked"),
                Map.entry("upgrade", "h2c"),
                Map.entry("te", "trailers, gzip"),
                Map.entry("host", "other"),
                Map.entry("transfer_encoding", "chunked"),
                Map.entry("content--length", "4"),
                Map.entry("content-length", "+4"),
                Map.entry(":late", "1"),
                Map.entry(":status", "200"),
                Map.entry(":protocol", "websocket"),
                Map.entry(":path", "/again"));
        fields.forEach(
                (name, value) -> cases.add(Arguments.of(name, Head.get("/").with(name, value))));
        cases.add(Arguments.of("no path", head("GET", "http", null, "test")));
        cases.add(Arguments.of("empty path", head("GET", "http", "", "test")));
        cases.add(Arguments.of("absolute path", head("GET", "http", "http://test/", "test")));
        cases.add(Arguments.of("path without slash", head("GET", "http", "a", "test")));
        cases.add(Arguments.of("asterisk", head("GET", "http", "*", "test")));
        cases.add(Arguments.of("path with a space", head("GET", "http", "/ HTTP/1.1", "test")));
        cases.add(Arguments.of("path with lines", head("GET", "http", "/\r\nx: y", "test")));
        String line = "\r\nx-smuggled: 1";
        cases.add(Arguments.of("method with lines", head("GET / HTTP/1.1" + line, "http", "/", "test")));
        cases.add(Arguments.of("scheme with lines", head("GET", "http" + line, "/", "test")));
        cases.add(Arguments.of("authority with lines", head("GET", "http", "/", "test" + line)));
        cases.add(Arguments.of("authority with LF", head("GET", "http", "/", "test\nx: y")));
        cases.add(Arguments.of("path with LF", head("GET", "http", "/\nx: y", "test")));
        cases.add(Arguments.of("path with NUL", head("GET", "http", "/\u0000", "test")));
        cases.add(Arguments.of("method with NUL", head("GET\u0000", "http", "/", "test")));
        cases.add(Arguments.of("authority with NUL", head("GET", "http", "/", "test\u0000")));
        cases.add(Arguments.of("two methods", Head.get("/").with(":method", "POST")));
        cases.add(Arguments.of("two authorities", Head.get("/").with(":authority", "test")));
        cases.add(Arguments.of(
                "cookies with lines", Head.get("/").with("cookie", "a=b").with("cookie", "c=d" + line)));
        cases.add(Arguments.of("no scheme", head("GET", null, "/", "test")));
        cases.add(Arguments.of("other scheme", head("GET", "ftp", "/", "test")));
        cases.add(Arguments.of("no method", head(null, "http", "/", "test")));
        cases.add(Arguments.of("method of two words", head("GET /x", "http", "/", "test")));
        cases.add(Arguments.of("empty method", head("", "http", "/", "test")));
        cases.add(Arguments.of("no authority", head("GET", "http", "/", null)));
        cases.add(Arguments.of("empty authority", head("GET", "http", "/", "")));
        cases.add(Arguments.of("user information", head("GET", "http", "/", "user@test")));
        cases.add(Arguments.of("authority with a path", head("GET", "http", "/", "test/x")));
        cases.add(Arguments.of("CONNECT with a path", head("CONNECT", "http", "/", "test")));
        cases.add(Arguments.of("two hosts", Head.get("/").with("host", "test").with("host", "test")));
        cases.add(Arguments.of(
                "two lengths", Head.get("/").with("content-length", "0").with("content-length", "1")));
        cases.add(Arguments.of(
                "pseudo-header field after another",
                new Head()
                        .with(":method", "GET")
                        .with("x", "y")
                        .with(":path", "/")
                        .with(":scheme", "http")));
        return cases.stream();
    }

    private static Head head(
            @Nullable String method, @Nullable String scheme, @Nullable String path, @Nullable String authority) {
        Head head = new Head();
        Map<String, @Nullable String> fields = new LinkedHashMap<>();
        fields.put(":method", method);
        fields.put(":scheme", scheme);
        fields.put(":path", path);
        fields.put(":authority", authority);
        fields.forEach((name, value) -> {
            if (value != null) {
                head.with(name, value);
            }
        });
        return head;
    }

    /** RFC 9113, 8.1.1. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("malformed")
    void aMalformedRequestIsResetAndReachesNobody(String name, Head head) {
        try (Http2Client client = Http2Client.connect(proxy)) {
            client.request(1, head);
            assertThat(client.await(RST_STREAM, 1).error()).as(name).isEqualTo(PROTOCOL_ERROR);
            assertThat(requests).isEmpty();
            // The connection and the compression state are as good as before, also with a body on its way.
            client.open(3, head).data(3, "on its way", true);
            assertThat(client.await(RST_STREAM, 3).error()).isEqualTo(PROTOCOL_ERROR);
            assertThat(client.request(5, Head.get("/")).response(5).status()).isEqualTo(200);
            assertThat(requests).hasSize(1);
        }
    }

    @ParameterizedTest
    @MethodSource
    void aRequestThatIsRefusedForWhatItSaysIsAnswered(Head head, int status, String error) {
        try (Http2Client client = Http2Client.connect(proxy)) {
            Response response = client.request(1, head).response(1);
            assertThat(response.status()).isEqualTo(status);
            assertThat(response.headers())
                    .containsEntry("x-gojinn-error", error)
                    .doesNotContainKey("connection");
            assertThat(client.request(3, Head.get("/")).response(3).status()).isEqualTo(200);
            assertThat(requests).hasSize(1);
        }
    }

    static Stream<Arguments> aRequestThatIsRefusedForWhatItSaysIsAnswered() {
        Head many = Head.get("/");
        for (int i = 0; i < 21; i++) {
            many.with("x-" + i, "y");
        }
        return Stream.of(
                Arguments.of(head("CONNECT", null, null, "test:443"), 501, "connect"),
                Arguments.of(head("OPTIONS", "http", "*", "test"), 400, "target"),
                Arguments.of(Head.get("/a/../b"), 400, "target"),
                Arguments.of(Head.get("/a%2fb"), 400, "target"),
                Arguments.of(Head.get("/\u00e9"), 400, "target"),
                Arguments.of(Head.get("/").with("expect", "200-maybe"), 417, "expectation"),
                Arguments.of(Head.get("/").with("x", "y".repeat(5000)), 431, "headers_too_large"),
                Arguments.of(many, 431, "headers_too_large"));
    }

    @Test
    void aBodyThatIsNotAsLongAsItSaidNeverEndsForTheUpstream() {
        try (Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, Head.request("POST", "/").with("content-length", "4"))
                    .data(1, "abc", true);
            assertThat(client.await(RST_STREAM, 1).error()).isEqualTo(PROTOCOL_ERROR);
            client.open(3, Head.request("POST", "/").with("content-length", "4"))
                    .data(3, "abcdGET / HTTP/1.1", false);
            assertThat(client.await(RST_STREAM, 3).error()).isEqualTo(PROTOCOL_ERROR);
            client.request(5, Head.request("POST", "/").with("content-length", "4"));
            assertThat(client.await(RST_STREAM, 5).error()).isEqualTo(PROTOCOL_ERROR);
            assertThat(client.request(7, Head.get("/")).response(7).status()).isEqualTo(200);
        }
        assertThat(whole()).singleElement().asString().startsWith("GET / ");
    }

    @Test
    void malformedTrailersResetTheStream() {
        try (Http2Client client = Http2Client.connect(proxy)) {
            for (int stream = 1; stream < 7; stream += 2) {
                Head trailers = stream == 1
                        ? new Head().with(":path", "/")
                        : stream == 3 ? new Head().with("x", "a\r\nb") : new Head().with("X", "y");
                client.open(stream, Head.request("POST", "/"))
                        .data(stream, "body", false)
                        .frame(HEADERS, END_HEADERS | END_STREAM, stream, trailers.bytes());
                assertThat(client.await(RST_STREAM, stream).error()).isEqualTo(PROTOCOL_ERROR);
            }
            assertThat(client.request(7, Head.get("/")).response(7).status()).isEqualTo(200);
        }
        assertThat(whole()).hasSize(1);
    }

    private List<String> whole() {
        return requests.stream()
                .filter(request -> !request.startsWith("TRUNCATED"))
                .toList();
    }

    @Test
    void anAnswerThatComesBeforeTheBodyEndsTheStreamWithoutAnError() {
        try (Http2Client client = Http2Client.connect(proxy)) {
            client.open(1, Head.request("POST", "/a/../b"));
            assertThat(client.response(1).status()).isEqualTo(400);
            assertThat(client.await(RST_STREAM, 1).error()).isEqualTo(NO_ERROR);
            // What was on its way is no violation.
            client.data(1, "late", true);
            assertThat(client.request(3, Head.get("/")).response(3).status()).isEqualTo(200);
        }
    }
}
