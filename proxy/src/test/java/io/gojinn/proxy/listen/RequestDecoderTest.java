package io.gojinn.proxy.listen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.gojinn.proxy.HostileRequests;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestDecoderTest {
    private static final Path CORPUS = Path.of("src/test/fuzz/corpus");
    private static final int HEADER_BYTES = 2 << 10;
    private static final int HEADER_COUNT = 30;

    /**
     * A request whose first byte comes alone is read by Netty's decoder to its end; one that comes whole and is plain is not. So this
     * holds the two to the same meaning.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void readsTheSameHoweverTheBytesAreCut(boolean tolerant) throws IOException {
        int plain = 0;
        for (byte[] input : inputs()) {
            String whole = read(input, input.length, tolerant);
            assertThat(whole).as(() -> escaped(input)).isEqualTo(read(input, 1, tolerant));
            int cut = 1 + new Random(input.length).nextInt(Math.max(1, input.length - 1));
            assertThat(whole)
                    .as(() -> "after %d bytes: %s".formatted(cut, escaped(input)))
                    .isEqualTo(read(input, cut, tolerant));
            plain += whole.startsWith("request") ? 1 : 0;
        }
        assertThat(plain).isGreaterThan(5_000);
    }

    @Test
    void longRunsOfSpacesTakeNoLongerThanOtherBytes() {
        String spaces = " ".repeat(1_000_000) + "x";
        assertTimeout(Duration.ofSeconds(2), () -> {
            assertThat(OptionalWhitespace.stripTrailing(spaces)).isEqualTo(spaces);
            assertThat(OptionalWhitespace.strip(spaces)).isEqualTo("x");
        });
    }

    private static List<byte[]> inputs() throws IOException {
        List<byte[]> inputs = new ArrayList<>();
        try (Stream<Path> files = Files.list(CORPUS)) {
            for (Path file : files.sorted().toList()) {
                inputs.add(Files.readAllBytes(file));
            }
        }
        for (int seed = 0; seed < 20_000; seed++) {
            Random random = new Random(seed);
            HostileRequests requests = new HostileRequests(random);
            inputs.add(random.nextBoolean() ? requests.fresh() : changed(plain(random), random));
        }
        return inputs;
    }

    private static byte[] plain(Random random) {
        StringBuilder text = new StringBuilder();
        for (int requests = 1 + random.nextInt(3); requests > 0; requests--) {
            int length = random.nextInt(3) == 0 ? 1 + random.nextInt(40) : 0;
            text.append(length > 0 ? "POST" : "GET").append(" /path?query HTTP/1.1\r\nHost: example.org\r\n");
            for (int fields = random.nextInt(5); fields > 0; fields--) {
                text.append("X-Field-").append(fields).append(": some, value\r\n");
            }
            text.append(length > 0 ? "Content-Length: " + length + "\r\n\r\n" : "\r\n");
            text.append("b".repeat(length));
        }
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    // One byte is another one, gone, or there twice; or none.
    private static byte[] changed(byte[] plain, Random random) {
        StringBuilder text = new StringBuilder(new String(plain, StandardCharsets.ISO_8859_1));
        int at = random.nextInt(text.length());
        switch (random.nextInt(5)) {
            case 0 -> text.setCharAt(at, (char) random.nextInt(256));
            case 1 -> text.deleteCharAt(at);
            case 2 -> text.insert(at, text.charAt(at));
            case 3 -> text.insert(at, " \t\r\n:\0-_,".charAt(random.nextInt(9)));
            default -> {}
        }
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** What is made of an input that comes in two parts, up to what is refused. */
    private static String read(byte[] input, int first, boolean tolerant) {
        EmbeddedChannel channel =
                new EmbeddedChannel(new RequestDecoder(HEADER_BYTES, HEADER_COUNT, tolerant ? () -> {} : null));
        int cut = Math.min(first, input.length);
        channel.writeInbound(Unpooled.copiedBuffer(input, 0, cut));
        if (cut < input.length) {
            channel.writeInbound(Unpooled.copiedBuffer(input, cut, input.length - cut));
        }
        StringBuilder told = new StringBuilder();
        boolean refused = false;
        for (Object message = channel.readInbound(); message != null; message = channel.readInbound()) {
            if (!refused) {
                tell(message, told);
            }
            refused |= message instanceof HttpObject object
                    && object.decoderResult().isFailure();
            ReferenceCountUtil.release(message);
        }
        channel.finishAndReleaseAll();
        return told.toString();
    }

    private static void tell(Object message, StringBuilder told) {
        if (message instanceof HttpObject object && object.decoderResult().isFailure()) {
            told.append("refused ")
                    .append(object.decoderResult().cause().getClass().getSimpleName());
            return;
        }
        if (message instanceof HttpRequest request) {
            told.append("request ")
                    .append(request.method())
                    .append(' ')
                    .append(request.uri())
                    .append(' ');
            told.append(request.protocolVersion())
                    .append(request.headers().entries())
                    .append('\n');
        }
        if (message instanceof HttpContent content) {
            told.append(content.content().toString(StandardCharsets.ISO_8859_1));
        }
        if (message instanceof LastHttpContent last) {
            told.append("\nend ").append(last.trailingHeaders().entries()).append('\n');
        }
        if (message instanceof ByteBuf bytes) {
            told.append("bytes ").append(bytes.toString(StandardCharsets.ISO_8859_1));
        }
    }

    private static String escaped(byte[] input) {
        return new String(input, StandardCharsets.ISO_8859_1)
                .replace("\r", "\\r")
                .replace("\n", "\\n\n");
    }
}
