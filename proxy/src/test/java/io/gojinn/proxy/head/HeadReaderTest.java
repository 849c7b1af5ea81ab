package io.gojinn.proxy.head;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadReaderTest {
    private final HeadReader reader = new HeadReader(2048, 4);

    @Test
    void takesAPlainRequestAndNothingBehindIt() {
        ByteBuf bytes = bytes("PUT /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: a, b;q=1\r\ncontent-length: 12\r\n\r\nbody");
        HttpRequest request = Objects.requireNonNull(reader.request(bytes));
        assertThat(request.method().name()).isEqualTo("PUT");
        assertThat(request.uri()).isEqualTo("/a?b=c");
        assertThat(request.headers().entries())
                .containsExactly(
                        Map.entry("Host", "x"), Map.entry("Accept", "a, b;q=1"), Map.entry("content-length", "12"));
        assertThat(reader.contentLength()).isEqualTo(12);
        assertThat(bytes.toString(StandardCharsets.ISO_8859_1)).isEqualTo("body");
        bytes.release();
    }

    @Test
    void takesAPlainResponse() {
        ByteBuf bytes = bytes("HTTP/1.1 404 Gone fishing\r\nContent-Length: 0\r\n\r\n");
        HttpResponse response = Objects.requireNonNull(reader.response(bytes));
        assertThat(response.status().code()).isEqualTo(404);
        assertThat(response.status().reasonPhrase()).isEqualTo("Gone fishing");
        assertThat(reader.contentLength()).isZero();
        bytes.release();
    }

    @Test
    void knowsNoLengthOfTheLastHeadAfterTheNext() {
        request("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
        assertThat(request("GET / HTTP/1.1\r\na: b\r\n\r\n")).isNotNull();
        assertThat(reader.contentLength()).isNegative();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\n\r",
                "GET / HTTP/1.1\r\nHost: x\r\n",
                "GET / HTTP/1.1\r\nHost: x",
                "GET / HTTP/1.1",
                "GET /",
                "\r\nGET / HTTP/1.1\r\n\r\n",
                "GET  / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1 \r\n\r\n",
                "GET /\tHTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\n\r\n",
                "GET / HTTP/1.1\r\n\n",
                "GET / HTTP/1.0\r\n\r\n",
                "GET / http/1.1\r\n\r\n",
                "GET /\r\n\r\n",
                "G@T / HTTP/1.1\r\n\r\n",
                "GET /é HTTP/1.1\r\n\r\n",
                "GET /\u007f HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\n folded: x\r\n\r\n",
                "GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n",
                "GET / HTTP/1.1\r\na : b\r\n\r\n",
                "GET / HTTP/1.1\r\n: b\r\n\r\n",
                "GET / HTTP/1.1\r\na:b\r\n\r\n",
                "GET / HTTP/1.1\r\na:\r\n\r\n",
                "GET / HTTP/1.1\r\na: \r\n\r\n",
                "GET / HTTP/1.1\r\na:  b\r\n\r\n",
                "GET / HTTP/1.1\r\na: b \r\n\r\n",
                "GET / HTTP/1.1\r\na: b\t\r\n\r\n",
                "GET / HTTP/1.1\r\na: b\n\r\n",
                "GET / HTTP/1.1\r\na: b\rc\r\n\r\n",
                "GET / HTTP/1.1\r\na: b\0\r\n\r\n",
                "GET / HTTP/1.1\r\na: é\r\n\r\n",
                "GET / HTTP/1.1\r\na\r\n\r\n",
                "GET / HTTP/1.1\r\na: b\r\n\rx",
                "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "GET / HTTP/1.1\r\ntransfer-encoding: x\r\n\r\n",
                "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
                "GET / HTTP/1.1\r\nSec-WebSocket-Key1: x\r\n\r\n",
                "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
                "GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
                "GET / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
                "GET / HTTP/1.1\r\nContent-Length: 1234567890123456789\r\n\r\n",
                "GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\ne: 5\r\n\r\n",
            })
    void leavesARequestThatIsNotWholeAndPlain(String head) {
        assertThat(request(head)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1  200 OK\r\nContent-Length: 1\r\n\r\n",
                "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1 20 OK\r\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1 2000 OK\r\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1 600 OK\r\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1 100 Continue\r\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1 205 Reset Content\r\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nUpgrade: h2c\r\n\r\n",
                "\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
            })
    void leavesAResponseThatIsNotFinalAndPlain(String head) {
        ByteBuf bytes = bytes(head);
        assertThat(reader.response(bytes)).isNull();
        assertThat(bytes.readerIndex()).isZero();
        bytes.release();
    }

    @Test
    void readsHeadsOfAnyLengthUpToItsBoundAndNoneBeyond() {
        for (int length = 30; length < 2200; length++) {
            String head = "GET / HTTP/1.1\r\na: ";
            String whole = head + "x".repeat(length - head.length() - 4) + "\r\n\r\n";
            assertThat(request(whole) != null).as("%d bytes", length).isEqualTo(length <= 2048);
            assertThat(request(whole + "GET") != null).isEqualTo(length <= 2048);
        }
    }

    private @Nullable HttpRequest request(String head) {
        ByteBuf bytes = bytes(head);
        HttpRequest request = reader.request(bytes);
        if (request == null) {
            assertThat(bytes.readerIndex()).isZero();
        }
        bytes.release();
        return request;
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }
}
