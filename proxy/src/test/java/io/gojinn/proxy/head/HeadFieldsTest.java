package io.gojinn.proxy.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadFieldsTest {
    private static final List<String> NAMES = List.of(
            "Host", "host", "HOST", "Via", "x-a", "X-A", "x_a", "Accept", "accept", "Cookie", "cookie", "n", "N", "nn");
    private static final String[] VALUES = {"a", "b c", "1", "été", "x".repeat(300)};

    @Test
    void areWhatNettysHeadersAreWhateverIsDoneToThem() {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            HttpHeaders expected = new DefaultHttpHeaders();
            StringBuilder head = new StringBuilder("GET / HTTP/1.1\r\n");
            for (int i = random.nextInt(12); i > 0; i--) {
                String name = NAMES.get(random.nextInt(NAMES.size()));
                expected.add(name, "v" + i);
                head.append(name).append(": v").append(i).append("\r\n");
            }
            HttpHeaders fields = read(head + "\r\n").headers();
            assertSame(fields, expected);
            for (int i = 0; i < 12; i++) {
                change(random, List.of(fields, expected));
                assertSame(fields, expected);
                assertThat(written(fields)).isEqualTo(written(expected));
            }
        }
    }

    private static void change(Random random, List<HttpHeaders> both) {
        String text = NAMES.get(random.nextInt(NAMES.size()));
        CharSequence name = random.nextBoolean() ? text : AsciiString.of(text);
        String value = VALUES[random.nextInt(VALUES.length)];
        int what = random.nextInt(20);
        for (HttpHeaders headers : both) {
            switch (what) {
                case 0, 1, 2, 3, 4, 5 -> headers.set(name, value);
                case 6, 7, 8, 9 -> headers.add(name, value);
                case 10, 11, 12, 13, 14 -> headers.remove(name);
                case 15 -> headers.set(name, List.of(value, "second"));
                case 16 -> headers.add(name, List.of(value, 2));
                case 17 -> headers.setInt(name, 17);
                case 18 -> headers.clear();
                default -> headers.set(name, 19L);
            }
        }
    }

    private static void assertSame(HttpHeaders fields, HttpHeaders expected) {
        assertThat(fields.entries()).isEqualTo(expected.entries());
        assertThat(texts(fields)).isEqualTo(texts(expected));
        assertThat(fields.names())
                .containsExactlyInAnyOrderElementsOf(expected.entries().stream()
                        .map(Map.Entry::getKey)
                        .distinct()
                        .toList());
        assertThat(fields.size()).isEqualTo(expected.size());
        assertThat(fields.isEmpty()).isEqualTo(expected.isEmpty());
        assertThat(fields.copy().entries()).isEqualTo(expected.entries());
        for (String name : NAMES) {
            for (CharSequence wanted : List.of(name, AsciiString.of(name))) {
                assertThat(fields.contains(wanted)).isEqualTo(expected.contains(wanted));
                assertThat(fields.get(wanted)).isEqualTo(expected.get(wanted));
                assertThat(fields.getAll(wanted)).isEqualTo(expected.getAll(wanted));
                assertThat(fields.getInt(wanted)).isEqualTo(expected.getInt(wanted));
                assertThat(fields.containsValue(wanted, "B C", true))
                        .isEqualTo(expected.containsValue(wanted, "B C", true));
            }
        }
    }

    private static List<String> texts(HttpHeaders headers) {
        List<String> texts = new ArrayList<>();
        for (var fields = headers.iteratorCharSequence(); fields.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> field = fields.next();
            texts.add(field.getKey() + ": " + field.getValue());
        }
        return texts;
    }

    // As a request and as a response; Netty's fields are written by its encoders as well.
    private static String written(HttpHeaders headers) {
        ByteBuf fields = Unpooled.buffer();
        HeadWriter.fields(headers, fields);
        String written = written(headers, new Encoder(), new Encoder());
        assertThat(written).contains(text(fields));
        if (!(headers instanceof HeadFields)) {
            assertThat(written).isEqualTo(written(headers, new HttpRequestEncoder(), new HttpResponseEncoder()));
        }
        return written;
    }

    private static String written(HttpHeaders headers, ChannelHandler ofRequests, ChannelHandler ofResponses) {
        var request = new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1,
                HttpMethod.GET,
                "/a?b",
                Unpooled.EMPTY_BUFFER,
                headers,
                EmptyHttpHeaders.INSTANCE);
        var response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.NOT_FOUND,
                Unpooled.copiedBuffer("body", StandardCharsets.US_ASCII),
                headers,
                EmptyHttpHeaders.INSTANCE);
        return text(new EmbeddedChannel(ofRequests), request) + text(new EmbeddedChannel(ofResponses), response);
    }

    private static final class Encoder extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            assertThat(
                            message instanceof FullHttpResponse response
                                    ? HeadWriter.write(ctx, response, response.content(), promise)
                                    : HeadWriter.write(ctx, (HttpRequest) message, promise))
                    .isTrue();
            ReferenceCountUtil.release(message);
        }
    }

    private static String text(EmbeddedChannel channel, Object message) {
        assertThat(channel.writeOutbound(message)).isTrue();
        StringBuilder written = new StringBuilder();
        for (ByteBuf piece = channel.readOutbound(); piece != null; piece = channel.readOutbound()) {
            written.append(text(piece));
        }
        return written.toString();
    }

    private static String text(ByteBuf bytes) {
        String text = bytes.toString(StandardCharsets.ISO_8859_1);
        bytes.release();
        return text;
    }

    @Test
    void whatNeedsNoCheckIsSetInPlaceOfAllThatWasThere() {
        HttpHeaders fields =
                read("GET / HTTP/1.1\r\na: 1\r\nvia: b\r\nVia: c\r\n\r\n").headers();
        HttpHeaders others =
                new DefaultHttpHeaders().add("a", "1").add("Via", "b").add("via", "c");
        HeadFields.setChecked(fields, HttpHeaderNames.VIA, "d");
        HeadFields.setChecked(others, HttpHeaderNames.VIA, "d");
        assertThat(fields.entries()).containsExactly(Map.entry("a", "1"), Map.entry("via", "d"));
        assertSame(fields, others);
    }

    @Test
    void aCharacterWithoutAByteBecomesNoOther() {
        HttpHeaders fields = read("GET / HTTP/1.1\r\na: b\r\n\r\n").headers();
        // Cut to a byte the second and third would end the line.
        fields.set("c", "\u20acx\u010d\u010ay");
        assertThat(written(fields)).contains("\r\na: b\r\nc: ?x??y\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a:", "a\r", "a\n", "é", "a\0"})
    void refuseANameThatIsNoToken(String name) {
        HttpHeaders fields = read("GET / HTTP/1.1\r\na: b\r\n\r\n").headers();
        assertThatIllegalArgumentException().isThrownBy(() -> fields.add(name, "value"));
        assertThatIllegalArgumentException().isThrownBy(() -> fields.set(name, "value"));
        assertThat(fields.entries()).containsExactly(Map.entry("a", "b"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nb: c", "a\nb", "a\rb", "a\0b"})
    void refuseAValueThatEndsItsLine(String value) {
        HttpHeaders fields = read("GET / HTTP/1.1\r\na: b\r\n\r\n").headers();
        assertThatIllegalArgumentException().isThrownBy(() -> fields.add("a", value));
        assertThatIllegalArgumentException().isThrownBy(() -> fields.set("a", value));
        assertThat(fields.entries()).containsExactly(Map.entry("a", "b"));
    }

    @Test
    void aCopyIsChangedAlone() {
        HttpHeaders fields = read("GET / HTTP/1.1\r\na: b\r\nc: d\r\n\r\n").headers();
        HttpHeaders copy = fields.copy();
        copy.remove("a").set("e", "f");
        fields.set("c", "g");
        assertThat(copy.entries()).containsExactly(Map.entry("c", "d"), Map.entry("e", "f"));
        assertThat(fields.entries()).containsExactly(Map.entry("a", "b"), Map.entry("c", "g"));
    }

    private static HttpRequest read(String head) {
        ByteBuf bytes = Unpooled.copiedBuffer(head, StandardCharsets.ISO_8859_1);
        HttpRequest request = new HeadReader(8 << 10, 100).request(bytes);
        bytes.release();
        return Objects.requireNonNull(request);
    }
}
