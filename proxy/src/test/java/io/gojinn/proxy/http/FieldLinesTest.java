package io.gojinn.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Fields reach the wire as they are, and nothing else does. */
class FieldLinesTest {
    @Test
    void aLineForEachFieldInTheirOrder() {
        HttpHeaders fields = new DefaultHttpHeaders()
                .add("Host", "a.example")
                .add(AsciiString.cached("accept"), AsciiString.cached("*/*"))
                .add("X", List.of("1", "2"))
                .add("Empty", "");
        assertThat(encoded(fields)).isEqualTo("Host: a.example\r\naccept: */*\r\nX: 1\r\nX: 2\r\nEmpty: \r\n");
    }

    @Test
    void aPartOfAnArrayIsNotMoreOfIt() {
        AsciiString part = new AsciiString("one two three").subSequence(4, 7, false);
        assertThat(encoded(new DefaultHttpHeaders().add("N", part))).isEqualTo("N: two\r\n");
    }

    /** The low byte of U+010D and U+010A ends a line. */
    @Test
    void noCharacterTurnsIntoTheEndOfALine() {
        HttpHeaders fields = unchecked().add("N", "a\u010d\u010ab\u20ac").add("M", "\u00e9");
        assertThat(encoded(fields)).isEqualTo("N: a??b?\r\nM: \u00e9\r\n");
    }

    @Test
    void whatIsLongerThanAnyBeforeIsWhole() {
        String value = "v".repeat(100_000);
        assertThat(encoded(new DefaultHttpHeaders().add("N", value).add("M", "1")))
                .isEqualTo("N: " + value + "\r\nM: 1\r\n");
        assertThat(encoded(new DefaultHttpHeaders().add("N", "1"))).isEqualTo("N: 1\r\n");
    }

    private static HttpHeaders unchecked() {
        HttpHeadersFactory factory = DefaultHttpHeadersFactory.headersFactory().withValidation(false);
        return factory.newHeaders();
    }

    private static String encoded(HttpHeaders fields) {
        ByteBuf buffer = Unpooled.buffer();
        FieldLines.encode(fields, buffer);
        return buffer.toString(StandardCharsets.ISO_8859_1);
    }
}
