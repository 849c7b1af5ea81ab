package io.gojinn.proxy.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyHashTest {
    private final KeyHash hash = new KeyHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

    /** The vectors that its authors publish: the octets 0, 1, 2 and so on, under the key 0 to 15. */
    @ParameterizedTest
    @CsvSource({"0, 726fdb47dd0e0e31", "1, 74f839c593dc67fd", "8, 93f5f5799a932462", "15, a129ca6149be45e5"})
    void isSipHash(int length, String expected) {
        byte[] octets = new byte[length];
        for (int i = 0; i < length; i++) {
            octets[i] = (byte) i;
        }
        assertThat(Long.toHexString(hash.of(new String(octets, StandardCharsets.ISO_8859_1))))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"a", "10.0.0.1", "a-longer-key-than-one-word"})
    void secretsMakeHashesOfTheirOwn(String text) {
        assertThat(KeyHash.random().of(text)).isNotEqualTo(KeyHash.random().of(text));
    }
}
