package io.gojinn.runtime.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Utf8Test {
    @Test
    void putsEveryCodePointAsTheJdkDoesAndAcceptsIt() {
        ByteBuffer buffer = ByteBuffer.allocate(4);
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
            if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
                continue;
            }
            int length = Utf8.put(buffer, 0, codePoint);
            String put = new String(buffer.array(), 0, length, StandardCharsets.UTF_8);
            if (put.codePointAt(0) != codePoint || put.length() != Character.charCount(codePoint)) {
                assertThat(put).isEqualTo(Character.toString(codePoint));
            }
            if (codePoint >= 0x80 && Utf8.sequenceLength(buffer, 0, length) != length) {
                assertThat(codePoint).as("refused").isNegative();
            }
        }
    }

    @Test
    void judgesEveryPairOfFirstBytesAsTheJdkDoes() {
        int[] rest = {0x7f, 0x80, 0xbf, 0xc0};
        for (int lead = 0x80; lead < 0x100; lead++) {
            for (int second = 0; second < 0x100; second++) {
                for (int third : rest) {
                    for (int fourth : rest) {
                        byte[] octets = {(byte) lead, (byte) second, (byte) third, (byte) fourth};
                        int length = Utf8.sequenceLength(ByteBuffer.wrap(octets), 0, 4);
                        if (length != expectedLength(octets)) {
                            assertThat(length)
                                    .as("%x %x %x %x", lead, second, third, fourth)
                                    .isEqualTo(expectedLength(octets));
                        }
                    }
                }
            }
        }
    }

    @Test
    void doesNotJudgeWhatIsCutOff() {
        byte[] octets = "\ud83d\ude00".getBytes(StandardCharsets.UTF_8);
        for (int limit = 1; limit < 4; limit++) {
            assertThat(Utf8.sequenceLength(ByteBuffer.wrap(octets), 0, limit)).isEqualTo(Utf8.TRUNCATED);
        }
    }

    @Test
    void marksTheFirstByteThatIsNotPlainInAnyWord() {
        Random random = new Random(11);
        ByteBuffer word = ByteBuffer.allocate(8);
        for (int round = 0; round < 300_000; round++) {
            int first = 8;
            for (int i = 7; i >= 0; i--) {
                int octet = random.nextInt(3) == 0 ? random.nextInt(256) : 0x1e + random.nextInt(6);
                word.put(i, (byte) octet);
                if (octet < 0x20 || octet == '"' || octet == '\\' || octet >= 0x80) {
                    first = i;
                }
            }
            long marks = PlainText.marks(PlainText.word(word, 0));
            if (PlainText.plainBytes(marks) != first) {
                assertThat(PlainText.plainBytes(marks))
                        .as("%x", PlainText.word(word, 0))
                        .isEqualTo(first);
            }
        }
    }

    private static int expectedLength(byte[] octets) {
        for (int length = 2; length <= 4; length++) {
            if (isOneCharacter(octets, length)) {
                return length;
            }
        }
        return Utf8.MALFORMED;
    }

    private static boolean isOneCharacter(byte[] octets, int length) {
        String text = new String(octets, 0, length, StandardCharsets.UTF_8);
        return text.codePointCount(0, text.length()) == 1
                && Arrays.equals(text.getBytes(StandardCharsets.UTF_8), Arrays.copyOf(octets, length));
    }
}
