package io.gojinn.runtime.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class BodyWriterTest {
    private static final List<String> UNITS =
            List.of("a", "\"", "\\", "\n", "\u0000", "\u001f", "\u007f", "\u00fc", "\u20ac", "\ud83d\ude00");

    @Test
    void escapesAnythingAtAnyPlaceInAWord() {
        for (String unit : UNITS) {
            for (int before = 0; before < 20; before++) {
                for (int after = 0; after < 20; after++) {
                    String body = "x".repeat(before) + unit + "y".repeat(after);
                    assertReadsBack(List.of(utf8(body)), body);
                }
            }
        }
    }

    @Test
    void anyTextInAnyChunksReadsBack() {
        Random random = new Random(21);
        for (int round = 0; round < 5_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(100); i > 0; i--) {
                text.append(UNITS.get(random.nextInt(4) > 0 ? 0 : random.nextInt(UNITS.size())));
            }
            byte[] octets = text.toString().getBytes(StandardCharsets.UTF_8);
            assertReadsBack(cut(random, octets, 1 + random.nextInt(12)), text.toString());
        }
    }

    @Test
    void aCharacterMayBeSpreadOverAnyChunks() {
        assertReadsBack(
                cut(new Random(22), "a\ud83d\ude00b\u20ac\u00fc".getBytes(StandardCharsets.UTF_8), 1),
                "a\ud83d\ude00b\u20ac\u00fc");
    }

    @Test
    void chunksAreReadFromPositionToLimitAndLeftAsTheyWere() {
        for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
            ByteBuffer chunk = utf8("no[twelve bytes]no").position(3).limit(15).order(order);
            ByteBuffer readOnly = chunk.asReadOnlyBuffer().order(order);
            assertReadsBack(List.of(chunk, readOnly), "twelve bytestwelve bytes");
            assertThat(chunk.position()).isEqualTo(3);
            assertThat(chunk.limit()).isEqualTo(15);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 100, 1_000})
    void binaryIsPaddedBase64InAnyChunks(int length) {
        Random random = new Random(length);
        for (int round = 0; round < 50; round++) {
            byte[] octets = new byte[length];
            random.nextBytes(octets);
            JsonWriter writer = writer(ByteOrder.BIG_ENDIAN);
            new BodyWriter(writer, cut(random, octets, 1 + random.nextInt(7))).base64();
            assertThat(written(writer)).isEqualTo('"' + Base64.getEncoder().encodeToString(octets) + '"');
        }
    }

    @Test
    void agreesWithTheJdkOnWhatIsText() {
        Random random = new Random(23);
        byte[] common = {
            'a',
            (byte) 0x80,
            (byte) 0xbf,
            (byte) 0xc2,
            (byte) 0xe0,
            (byte) 0xa0,
            (byte) 0xed,
            (byte) 0xf0,
            (byte) 0x90,
            (byte) 0xf4,
            (byte) 0x8f,
            (byte) 0xff
        };
        int texts = 0;
        for (int round = 0; round < 200_000; round++) {
            byte[] octets = new byte[1 + random.nextInt(6)];
            for (int i = 0; i < octets.length; i++) {
                octets[i] = common[random.nextInt(common.length)];
            }
            boolean expected =
                    Arrays.equals(new String(octets, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8), octets);
            JsonWriter writer = writer(ByteOrder.BIG_ENDIAN);
            boolean text = new BodyWriter(writer, cut(random, octets, 1 + random.nextInt(3))).text();
            if (text != expected || (!text && writer.buffer().position() != 0)) {
                assertThat(text).as(Arrays.toString(octets)).isEqualTo(expected);
                assertThat(writer.buffer().position()).isZero();
            }
            texts += text ? 1 : 0;
        }
        assertThat(texts).isBetween(1_000, 199_000);
    }

    private static void assertReadsBack(List<ByteBuffer> chunks, String expected) {
        for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
            JsonWriter writer = writer(order);
            assertThat(new BodyWriter(writer, chunks).text()).isTrue();
            assertThat(JsonMapper.shared().readValue(written(writer), String.class))
                    .isEqualTo(expected);
        }
    }

    private static JsonWriter writer(ByteOrder order) {
        return new JsonWriter(ByteBuffer.allocateDirect(1).order(order), Growth::exact);
    }

    private static String written(JsonWriter writer) {
        return StandardCharsets.UTF_8.decode(writer.buffer().duplicate().flip()).toString();
    }

    private static List<ByteBuffer> cut(Random random, byte[] octets, int longest) {
        List<ByteBuffer> chunks = new ArrayList<>();
        int start = 0;
        while (start < octets.length) {
            int length = Math.min(octets.length - start, random.nextInt(longest + 1));
            chunks.add(
                    ByteBuffer.allocateDirect(length).put(octets, start, length).flip());
            start += length;
        }
        return chunks;
    }

    private static ByteBuffer utf8(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
