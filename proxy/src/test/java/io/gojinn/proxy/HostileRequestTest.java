package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.listen.ListenerLimits;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that two parties could read differently are refused and their connection closed, whole or byte by byte. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileRequestTest {
    private final RawUpstream upstream = RawUpstream.echoing();
    private final TestProxy proxy = TestProxy.with()
            .upstream(upstream.config())
            .limits(new ListenerLimits(100, 4096, 20, Duration.ofSeconds(10), Duration.ofSeconds(10)))
            .start();

    @BeforeAll
    void serves() {
        assertThat(answer("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false))
                .isEqualTo(200);
    }

    @AfterAll
    void close() {
        proxy.close();
        upstream.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 4\r\n\r\nabcd",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\na",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, xchunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , chunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-\r\n Encoding: chunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 \r\nContent-Length: 3\r\n\r\nabc",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3,3\r\n\r\nabc",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \u0661\r\n\r\na",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length\t: 3\r\n\r\nabc",
                "GET / http/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.10\r\nHost: a\r\n\r\n",
                "GET / HTTP/01.1\r\nHost: a\r\n\r\n",
                "GET /%c0%ae%c0%ae/ HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET //../ HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a?\u00e4 HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET http://a@b/ HTTP/1.1\r\nHost: a@b\r\n\r\n",
                "GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET http://a\\@b/ HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET http://a#@b/ HTTP/1.1\r\nHost: a\r\n\r\n",
                "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\u000bchunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost:\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n folded\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tfolded\r\n\r\n",
                "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
                "GET / HTTP/1.1\nHost: a\n\n",
                "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX: b\u0000c\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX: b\u0001c\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX\u0000: b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n",
                "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET\r/ HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /\u0001 HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /\u00e4 HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
                "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1x\r\nHost: a\r\n\r\n",
                "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a/%2e%2E/b HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a/.%2e HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a/..;x/b HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a%2Fb HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a%5cb HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a%00 HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a%0a HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a% HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            })
    void refusesAndCloses(String request) {
        assertThat(answer(request, false)).isEqualTo(400);
        assertThat(answer(request, true)).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "zz\r\n",
                "-1\r\n",
                "1\nA\r\n0\r\n\r\n",
                "1\r\nAB0\r\n\r\n",
                "1 \r\nA\r\n0\r\n\r\n",
                "80000000\r\n",
                "\r\n",
                "1;\nx\r\nA\r\n0\r\n\r\n",
            })
    void refusesMalformedChunks(String chunks) {
        assertThat(answer("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, false))
                .isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Transfer-Encoding: gzip, chunked",
                "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: identity, chunked",
            })
    void knowsNoOtherCodingThanChunked(String field) {
        assertThat(answer("POST / HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n0\r\n\r\n", false))
                .isEqualTo(501);
    }

    @Test
    void refusesAHostLongerThanAName() {
        String label = "a.".repeat(126) + "aa";
        assertThat(answer("GET / HTTP/1.1\r\nHost: " + label + ":8080\r\nConnection: close\r\n\r\n", false))
                .isEqualTo(200);
        assertThat(answer("GET / HTTP/1.1\r\nHost: a.a.a.a.a" + label + "\r\n\r\n", false))
                .isEqualTo(400);
    }

    @Test
    void takesALaterMinorVersionForItsOwn() {
        try (RawClient client = proxy.connect()) {
            for (String version : new String[] {"HTTP/1.2", "HTTP/1.9"}) {
                assertThat(client.send("POST / " + version + "\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                        + "1\r\nA\r\n0\r\n\r\n")
                                .read()
                                .body())
                        .startsWith("POST / HTTP/1.1\r\n");
            }
        }
    }

    @Test
    void passesOnOneFormOfATarget() {
        try (RawClient client = proxy.connect()) {
            assertThat(client.send("GET /%61//\u00c3\u00a9%e2?\u00c3\u00a9={%zz} HTTP/1.1\r\nHost: a\r\n\r\n")
                            .read()
                            .body())
                    .startsWith("GET /a/%C3%A9%E2?%C3%A9={%zz} HTTP/1.1\r\n");
        }
    }

    @Test
    void refusesOtherVersions() {
        assertThat(answer("POST / HTTP/0.9\r\nHost: a\r\n\r\n", false)).isEqualTo(505);
        assertThat(answer("GET / HTTP/2.0\r\nHost: a\r\n\r\n", false)).isEqualTo(505);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST /\r\nHost: a\r\n\r\n",
                "GET / \r\nHost: a\r\n\r\n",
                "GET  /\r\nHost: a\r\n\r\n",
                "GET a\r\nHost: a\r\n\r\n",
                "GET\r\nHost: a\r\n\r\n",
                "GET /a/../b\r\n\r\n",
                "GET / HTTP/0.9\r\nContent-Length: 0\r\n\r\n",
                "GET / HTTP/0.9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/0.90\r\n\r\n",
                "GET / HTTP/0.9 \r\n\r\n",
            })
    void refusesWhatIsNoPlainRequestOfTheFirstVersion(String request) {
        assertThat(answer(request, false)).isEqualTo(400);
        assertThat(answer(request, true)).isEqualTo(400);
    }

    @Test
    void refusesTunnels() {
        assertThat(answer("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", false))
                .isEqualTo(501);
    }

    @Test
    void refusesAnOverlongRequestLine() {
        assertThat(answer("GET /" + "x".repeat(5000) + " HTTP/1.1\r\nHost: a\r\n\r\n", false))
                .isEqualTo(414);
    }

    @Test
    void refusesTooManyBytesOfFields() {
        assertThat(answer("GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(5000) + "\r\n\r\n", false))
                .isEqualTo(431);
    }

    @Test
    void countsTheRequestLineAndTheFieldsTogether() {
        assertThat(answer(
                        "GET /" + "x".repeat(3000) + " HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(3000) + "\r\n\r\n",
                        false))
                .isEqualTo(431);
    }

    @Test
    void refusesTooManyFields() {
        assertThat(answer("GET / HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n".repeat(20) + "\r\n", false))
                .isEqualTo(431);
        assertThat(answer("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + "X: y\r\n".repeat(18) + "\r\n", false))
                .isEqualTo(200);
    }

    @Test
    void refusesUnknownExpectations() {
        assertThat(answer("GET / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n", false))
                .isEqualTo(417);
    }

    @Test
    void doesNotServeWhatFollowsAMalformedRequest() {
        try (RawClient client = proxy.connect()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.read().status()).isEqualTo(400);
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void acceptsAnAbsoluteTargetThatAgreesWithHost() {
        try (RawClient client = proxy.connect()) {
            Response response =
                    client.send("GET http://A/x?y HTTP/1.1\r\nHost: a\r\n\r\n").read();
            assertThat(response.body()).startsWith("GET /x?y HTTP/1.1\r\n");
        }
    }

    private int answer(String request, boolean byteByByte) {
        try (RawClient client = proxy.connect()) {
            byte[] bytes = request.getBytes(StandardCharsets.ISO_8859_1);
            if (byteByByte) {
                for (byte b : bytes) {
                    try {
                        client.send(new byte[] {b});
                    } catch (UncheckedIOException answeredAlready) {
                        break;
                    }
                }
            } else {
                client.send(bytes);
            }
            Response response = client.read();
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(response.header("connection")).isEqualTo("close");
            return response.status();
        }
    }
}
