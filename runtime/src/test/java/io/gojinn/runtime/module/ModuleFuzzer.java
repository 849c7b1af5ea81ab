package io.gojinn.runtime.module;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.io.ByteSequence;

/**
 * What must hold for any bytes at all: the parser refuses them with a reason, or they adapt to a module that parses again,
 * is no larger than its price, and is valid only if they were. {@code runtime/src/test/fuzz/fuzz} has Jazzer call this;
 * {@link FuzzCorpusTest} calls it with what Jazzer found worth keeping.
 */
public final class ModuleFuzzer {
    private static final AdaptOptions OPTIONS = new AdaptOptions(65_536, 10_000, Optional.of(Prices.VERSION_1));

    /** The most bytes adaptation makes of one. Dearest is a tight loop without a body: 3 bytes become about 90. */
    private static final int GROWTH = 48;

    /** What adaptation adds to a module of any size. */
    private static final int OVERHEAD = 2_048;

    private static final Context ENGINE = Context.create("wasm");

    private ModuleFuzzer() {}

    /** Jazzer's entry; also that of the regression test. */
    public static void fuzzerTestOneInput(byte[] input) {
        Optional<AdaptedModule> adapted = adapt(input);
        if (adapted.isEmpty()) {
            return;
        }
        byte[] binary = adapted.get().binary();
        assertThat(binary.length).as("adapted size").isLessThanOrEqualTo(GROWTH * input.length + OVERHEAD);
        try {
            WasmModule.parseAdapted(binary);
        } catch (InvalidModuleException e) {
            throw new AssertionError("the adapted module is malformed", e);
        }
        if (engineAccepts(binary) && !engineAccepts(input)) {
            throw new AssertionError("an invalid module became valid");
        }
    }

    private static Optional<AdaptedModule> adapt(byte[] input) {
        try {
            return Optional.of(ModuleAdapter.adapt(WasmModule.parse(input), OPTIONS));
        } catch (InvalidModuleException e) {
            assertThat(e.offset()).isBetween(0, input.length);
            assertThat(e.reason()).isNotBlank();
            return Optional.empty();
        }
    }

    private static boolean engineAccepts(byte[] binary) {
        try {
            ENGINE.eval(Source.newBuilder("wasm", ByteSequence.create(binary), "module")
                    .cached(false)
                    .buildLiteral());
            return true;
        } catch (PolyglotException e) {
            // Also for defects of the engine's validator, which preparation reports as a refusal.
            return false;
        }
    }
}
