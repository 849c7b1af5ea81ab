package io.gojinn.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ClientCodecTest {
    private static final String[] HEADS = {
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nServer: x\r\n\r\n",
        "HTTP/1.1 404 Not here\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n",
    };

    /** A response whose first byte comes alone is read by Netty's decoder; one that begins whole and is plain is not. */
    @Test
    void readsTheSameHoweverTheBytesAreCut() {
        for (int seed = 0; seed < 20_000; seed++) {
            Random random = new Random(seed);
            String input = changed(HEADS[random.nextInt(HEADS.length)] + "b".repeat(random.nextInt(12)), random);
            HttpMethod method = random.nextInt(4) == 0 ? HttpMethod.HEAD : HttpMethod.GET;
            String whole = read(input, input.length(), method);
            assertThat(whole).as(input).isEqualTo(read(input, 1, method));
            int cut = 1 + random.nextInt(input.length() - 1);
            assertThat(whole).as("after %d bytes: %s", cut, input).isEqualTo(read(input, cut, method));
        }
    }

    @Test
    void aBodyInManyPiecesIsPassedOnWithoutWaitingForItsEnd() {
        EmbeddedChannel channel = asked(HttpMethod.GET);
        assertThat(channel.writeInbound(bytes("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab")))
                .isTrue();
        assertThat(channel.<HttpResponse>readInbound().status().code()).isEqualTo(200);
        for (String piece : new String[] {"ab", "cd", "ef"}) {
            if (!piece.equals("ab")) {
                channel.writeInbound(bytes(piece));
            }
            HttpContent content = channel.readInbound();
            assertThat(content.content().toString(StandardCharsets.ISO_8859_1)).isEqualTo(piece);
            assertThat(content instanceof LastHttpContent).isEqualTo(piece.equals("ef"));
            content.release();
        }
        assertThat(channel.pipeline().get(ClientCodec.class).hasExcess()).isFalse();
        channel.finishAndReleaseAll();
    }

    @Test
    void aHeaderSectionAloneComesWithoutAnEmptyPiece() {
        EmbeddedChannel channel = asked(HttpMethod.GET);
        channel.writeInbound(bytes("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"));
        assertThat(channel.inboundMessages()).hasSize(1);
        channel.finishAndReleaseAll();
    }

    private static EmbeddedChannel asked(HttpMethod method) {
        EmbeddedChannel channel = new EmbeddedChannel(new ClientCodec());
        channel.writeOutbound(new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, method, "/"));
        channel.releaseOutbound();
        return channel;
    }

    private static String changed(String plain, Random random) {
        StringBuilder text = new StringBuilder(plain);
        int at = random.nextInt(text.length());
        switch (random.nextInt(6)) {
            case 0 -> text.setCharAt(at, (char) random.nextInt(256));
            case 1 -> text.deleteCharAt(at);
            case 2 -> text.insert(at, text.charAt(at));
            case 3 -> text.insert(at, " \t\r\n:\0-_,".charAt(random.nextInt(9)));
            default -> {}
        }
        return text.toString();
    }

    private static String read(String input, int cut, HttpMethod method) {
        EmbeddedChannel channel = asked(method);
        channel.writeInbound(bytes(input.substring(0, cut)));
        if (cut < input.length()) {
            channel.writeInbound(bytes(input.substring(cut)));
        }
        StringBuilder told = new StringBuilder();
        boolean ended = false;
        for (Object message = channel.readInbound(); message != null; message = channel.readInbound()) {
            if (!ended) {
                tell(message, told);
            }
            ended |= message instanceof HttpObject object
                    && object.decoderResult().isFailure();
            ReferenceCountUtil.release(message);
        }
        if (!ended) {
            told.append("excess ")
                    .append(channel.pipeline().get(ClientCodec.class).hasExcess());
        }
        channel.finishAndReleaseAll();
        return told.toString();
    }

    private static void tell(Object message, StringBuilder told) {
        if (message instanceof HttpObject object && object.decoderResult().isFailure()) {
            told.append("refused");
            return;
        }
        if (message instanceof HttpResponse response) {
            told.append(response.status()).append(response.protocolVersion());
            told.append(response.headers().entries()).append('\n');
        }
        if (message instanceof HttpContent content) {
            told.append(content.content().toString(StandardCharsets.ISO_8859_1));
        }
        if (message instanceof LastHttpContent last) {
            told.append("\nend ").append(last.trailingHeaders().entries()).append('\n');
        }
        if (message instanceof ByteBuf bytes) {
            told.append(bytes.toString(StandardCharsets.ISO_8859_1));
        }
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }
}
