package io.gojinn.proxy.compress;

import static org.assertj.core.api.Assertions.assertThat;

import com.aayushatharva.brotli4j.decoder.DecoderJNI;
import com.github.luben.zstd.ZstdInputStream;
import io.gojinn.proxy.middleware.Coding;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is encoded is what each codec's own decoder reads, however it came. */
class EncoderTest {
    private final ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;

    @BeforeAll
    static void load() {
        assertThat(Codecs.load(List.of(Coding.values()))).isEmpty();
    }

    /** All that a decoder makes of this, which must be whole or may break off behind a flush. */
    private static byte[] decoded(Coding coding, byte[] encoded, boolean whole) throws IOException {
        if (coding == Coding.BR) {
            return decodedBrotli(encoded, whole);
        }
        ByteArrayOutputStream decoded = new ByteArrayOutputStream();
        try (InputStream in = coding == Coding.GZIP
                ? new GZIPInputStream(new ByteArrayInputStream(encoded))
                : new ZstdInputStream(new ByteArrayInputStream(encoded)).setContinuous(!whole)) {
            byte[] buffer = new byte[8_192];
            for (int read = in.read(buffer); read > 0; read = in.read(buffer)) {
                decoded.write(buffer, 0, read);
            }
        } catch (EOFException end) {
            assertThat(whole).as("the end is missing").isFalse();
        }
        return decoded.toByteArray();
    }

    // Its stream gives up at the end of the input with output left in the decoder: what lies beneath it does not.
    private static byte[] decodedBrotli(byte[] encoded, boolean whole) throws IOException {
        DecoderJNI.Wrapper decoder = new DecoderJNI.Wrapper(8_192);
        ByteArrayOutputStream decoded = new ByteArrayOutputStream();
        try {
            int at = 0;
            boolean ended = false;
            while (decoder.getStatus() != DecoderJNI.Status.DONE) {
                if (decoder.hasOutput()) {
                    ByteBuffer piece = decoder.pull();
                    byte[] bytes = new byte[piece.remaining()];
                    piece.get(bytes);
                    decoded.writeBytes(bytes);
                } else if (decoder.getStatus() == DecoderJNI.Status.OK) {
                    decoder.push(0);
                } else if (ended) {
                    assertThat(whole).as("the end is missing").isFalse();
                    break;
                } else {
                    int length = Math.min(8_192, encoded.length - at);
                    decoder.getInputBuffer().clear().put(encoded, at, length);
                    at += length;
                    ended = length == 0;
                    decoder.push(length);
                }
                assertThat(decoder.getStatus()).isNotEqualTo(DecoderJNI.Status.ERROR);
            }
            while (decoder.hasOutput()) {
                ByteBuffer piece = decoder.pull();
                byte[] bytes = new byte[piece.remaining()];
                piece.get(bytes);
                decoded.writeBytes(bytes);
            }
        } finally {
            decoder.destroy();
        }
        return decoded.toByteArray();
    }

    private static byte[] text(int bytes) {
        StringBuilder text = new StringBuilder();
        Random random = new Random(1);
        while (text.length() < bytes) {
            text.append("line ").append(random.nextInt(1_000)).append(" of a page\n");
        }
        return text.substring(0, bytes).getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] noise(int bytes) {
        byte[] noise = new byte[bytes];
        new Random(2).nextBytes(noise);
        return noise;
    }

    @ParameterizedTest
    @EnumSource(Coding.class)
    void decodersReadWhatWasEncoded(Coding coding) throws IOException {
        for (byte[] body : new byte[][] {{}, {1}, text(100), text(1 << 19), noise(300_000)}) {
            for (int pieceBytes : new int[] {1, 7, 1 << 16, 1 << 20}) {
                if (pieceBytes <= 7 && body.length > 10_000) {
                    continue;
                }
                for (boolean direct : new boolean[] {false, true}) {
                    assertThat(decoded(coding, bytes(encoded(coding, body, pieceBytes, direct)), true))
                            .isEqualTo(body);
                }
            }
        }
    }

    private ByteBuf encoded(Coding coding, byte[] body, int pieceBytes, boolean direct) {
        ByteBuf all = allocator.buffer();
        try (Encoder encoder = Codecs.encoder(coding, allocator)) {
            Random random = new Random(3);
            for (int at = 0; at < body.length; at += pieceBytes) {
                int length = Math.min(pieceBytes, body.length - at);
                ByteBuffer piece = ByteBuffer.wrap(body, at, length);
                if (direct) {
                    piece = ByteBuffer.allocateDirect(length).put(piece).flip();
                }
                encoder.encode(
                        piece,
                        random.nextInt(10) == 0 ? Encoder.Step.FLUSH : Encoder.Step.GO_ON,
                        part -> add(all, part));
            }
            encoder.encode(ByteBuffer.allocate(0), Encoder.Step.END, part -> add(all, part));
        }
        return all;
    }

    private static void add(ByteBuf all, ByteBuf part) {
        all.writeBytes(part);
        part.release();
    }

    private static byte[] bytes(ByteBuf buffer) {
        byte[] bytes = ByteBufUtil.getBytes(buffer);
        buffer.release();
        return bytes;
    }

    /** What was flushed can be read, though the end has not come. */
    @ParameterizedTest
    @EnumSource(Coding.class)
    void whatWasFlushedCanBeRead(Coding coding) throws IOException {
        byte[] first = text(5_000);
        ByteBuf all = Unpooled.buffer();
        try (Encoder encoder = Codecs.encoder(coding, allocator)) {
            encoder.encode(ByteBuffer.wrap(first), Encoder.Step.FLUSH, part -> add(all, part));
        }
        assertThat(decoded(coding, bytes(all), false)).isEqualTo(first);
    }

    @ParameterizedTest
    @EnumSource(Coding.class)
    void textGetsSmallerAndNoiseHardlyLarger(Coding coding) {
        ByteBuf text = encoded(coding, text(1 << 20), 1 << 16, true);
        assertThat(text.readableBytes()).isLessThan((1 << 20) / 4);
        text.release();
        ByteBuf noise = encoded(coding, noise(1 << 20), 1 << 16, true);
        assertThat(noise.readableBytes()).isLessThan((1 << 20) + (1 << 14));
        noise.release();
    }

    @ParameterizedTest
    @EnumSource(Coding.class)
    void canBeGivenUpInTheMiddle(Coding coding) {
        for (int i = 0; i < 50; i++) {
            Encoder encoder = Codecs.encoder(coding, allocator);
            encoder.encode(ByteBuffer.wrap(text(50_000)), Encoder.Step.GO_ON, ByteBuf::release);
            encoder.close();
        }
    }
}
