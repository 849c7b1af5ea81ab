package io.gojinn.runtime.module;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.io.ByteSequence;
import org.junit.jupiter.api.Test;

/** The engine's validator sees no difference between a module and its metered form. */
class EngineValidationTest {
    private static final AdaptOptions OPTIONS =
            new AdaptOptions(65_536, Integer.MAX_VALUE, Optional.of(Prices.VERSION_1));

    private static boolean engineAccepts(Context context, byte[] binary) {
        try {
            context.eval(Source.newBuilder("wasm", ByteSequence.create(binary), "module")
                    .cached(false)
                    .buildLiteral());
            return true;
        } catch (PolyglotException e) {
            assertThat(e.isInternalError()).as(e.toString()).isFalse();
            return false;
        }
    }

    private static Optional<byte[]> adapted(byte[] binary) {
        try {
            return Optional.of(
                    ModuleAdapter.adapt(WasmModule.parse(binary), OPTIONS).binary());
        } catch (InvalidModuleException e) {
            return Optional.empty();
        }
    }

    @Test
    void judgesMeteredModulesOfTheSuiteLikeTheOriginals() {
        List<String> differences = new ArrayList<>();
        try (Context context = Context.newBuilder("wasm").build()) {
            SpecSuite.files().forEach((name, binary) -> {
                if (name.endsWith(".wasm")) {
                    boolean original = engineAccepts(context, binary);
                    boolean metered = adapted(binary)
                            .filter(adapted -> engineAccepts(context, adapted))
                            .isPresent();
                    if (original != metered) {
                        differences.add(name + ": engine " + original + ", metered " + metered);
                    }
                }
            });
        }
        assertThat(differences).isEmpty();
    }

    @Test
    void neverAcceptsAMeteredModuleWhoseOriginalIsInvalid() {
        Random random = new Random(3);
        List<String> differences = new ArrayList<>();
        try (Context context = Context.newBuilder("wasm").build()) {
            SpecSuite.files().forEach((name, binary) -> {
                if (name.endsWith(".wasm") && binary.length > 8 && binary.length < 5_000) {
                    byte[] mutated = binary.clone();
                    int at = random.nextInt(8, mutated.length);
                    mutated[at] = (byte) random.nextInt(256);
                    adapted(mutated).ifPresent(adapted -> {
                        if (engineAccepts(context, adapted) && !engineAccepts(context, mutated)) {
                            differences.add(name + " changed at " + at + " to " + mutated[at]);
                        }
                    });
                }
            });
        }
        assertThat(differences).isEmpty();
    }
}
