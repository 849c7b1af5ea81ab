package io.gojinn.runtime.module;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Damaged modules: nothing but {@link InvalidModuleException} may come out of the parser. */
class HostileBytesTest {
    private static final AdaptOptions OPTIONS = new AdaptOptions(1024, 10_000, Optional.of(Prices.VERSION_1));

    static java.util.List<String> samples() {
        return SampleModules.names();
    }

    /** Parses, and adapts what parses: an accepted module must always adapt to one that parses. */
    private static boolean accepts(byte[] binary) {
        WasmModule module;
        AdaptedModule adapted;
        try {
            module = WasmModule.parse(binary);
            adapted = ModuleAdapter.adapt(module, OPTIONS);
        } catch (InvalidModuleException e) {
            assertThat(e.offset()).isBetween(0, binary.length);
            assertThat(e.reason()).isNotBlank();
            return false;
        }
        try {
            WasmModule.parseAdapted(adapted.binary());
        } catch (InvalidModuleException e) {
            throw new AssertionError("the adapted module is malformed", e);
        }
        return true;
    }

    @ParameterizedTest
    @MethodSource("samples")
    void refusesTruncationAtEveryByteButSectionBounds(String name) {
        byte[] whole = SampleModules.read(name);
        for (int length = 0; length < whole.length; length++) {
            accepts(Arrays.copyOf(whole, length));
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void survivesEveryFlippedBit(String name) {
        byte[] whole = SampleModules.read(name);
        for (int i = 0; i < whole.length; i++) {
            byte original = whole[i];
            for (int bit = 0; bit < 8; bit++) {
                whole[i] = (byte) (original ^ 1 << bit);
                accepts(whole);
            }
            whole[i] = (byte) ~original;
            accepts(whole);
            whole[i] = original;
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void survivesRandomMutations(String name) {
        byte[] whole = SampleModules.read(name);
        Random random = new Random(42);
        for (int round = 0; round < 500; round++) {
            byte[] mutated = whole.clone();
            for (int i = random.nextInt(1, 9); i > 0; i--) {
                mutated[random.nextInt(8, mutated.length)] = (byte) random.nextInt(256);
            }
            accepts(mutated);
        }
    }

    @Test
    void survivesRandomMutationsOfTheSpecificationSuite() {
        Random random = new Random(7);
        SpecSuite.files().forEach((name, binary) -> {
            if (name.endsWith(".wasm") && binary.length > 8 && binary.length < 20_000) {
                for (int round = 0; round < 20; round++) {
                    byte[] mutated = binary.clone();
                    mutated[random.nextInt(8, mutated.length)] = (byte) random.nextInt(256);
                    accepts(mutated);
                }
            }
        });
    }
}
