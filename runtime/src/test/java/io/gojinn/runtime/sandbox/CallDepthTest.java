package io.gojinn.runtime.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRejectedException;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.TestInvocation;
import io.gojinn.runtime.hostile.DeepGuests;
import io.gojinn.runtime.module.WasmModule;
import io.gojinn.runtime.sandbox.SandboxTemplate.ServeEnd;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Calls without end are ended by the count of stack slots, at one depth, and never by the thread's stack. */
class CallDepthTest {
    private static final FunctionLimits LIMITS =
            new FunctionLimits(Duration.ofMinutes(1), 100_000_000_000L, 16 << 20, 5 << 20, 1 << 20, 8, 64);

    private static final String END = FunctionFailure.STACK + ": more than " + Sandbox.CALL_DEPTH + " stack slots";

    /** How the runs ended: one entry when all ended alike, at the same count of fuel. */
    private static List<String> ends(SandboxEngine engine, byte[] binary, int runs) throws Exception {
        FunctionDefinition definition =
                new FunctionDefinition("deep", Path.of("deep.wasm"), LIMITS, Map.of(), InstancePolicy.defaults());
        try (SandboxTemplate template = SandboxTemplate.prepare(engine, definition, WasmModule.parse(binary));
                Sandbox sandbox = template.open(definition)) {
            FutureTask<List<String>> calls = new FutureTask<>(() -> {
                List<String> ends = new ArrayList<>();
                for (int run = 0; run < runs; run++) {
                    RunTerms terms = new RunTerms(
                            new TestInvocation(""),
                            System.nanoTime() + LIMITS.timeout().toNanos(),
                            () -> false);
                    ServeEnd end = template.serve(sandbox, terms, LIMITS.fuel());
                    ends.add(end.run().failure() + ": " + end.run().detail() + ", fuel " + end.fuel());
                    template.restore(sandbox);
                }
                return ends.stream().distinct().toList();
            });
            Thread.ofPlatform().stackSize(Sandbox.STACK_BYTES).start(calls);
            return calls.get();
        }
    }

    private static Map<String, String> ends(SandboxEngine engine, Map<String, byte[]> guests, int runs)
            throws Exception {
        Map<String, String> ends = new HashMap<>();
        for (Map.Entry<String, byte[]> guest : guests.entrySet()) {
            ends.put(guest.getKey(), String.join(" | ", ends(engine, guest.getValue(), runs)));
        }
        return ends;
    }

    @Test
    void isTheSameInterpretedAndCompiled() throws Exception {
        Map<String, byte[]> guests = DeepGuests.all();
        Map<String, String> interpreted;
        try (SandboxEngine engine = SandboxEngine.interpreting()) {
            interpreted = ends(engine, guests, 2);
        }
        assertThat(interpreted.values()).allMatch(end -> end.matches(END + ", fuel \\d+"), "one end by depth");
        Map<String, byte[]> hot = guests.entrySet().stream()
                .filter(guest -> guest.getKey().matches("direct|indirect|mutual|16-parameters|host-call-at-each-level"))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        try (SandboxEngine engine = SandboxEngine.create()) {
            assertThat(engine.compiles()).isTrue();
            Map<String, String> compiled = ends(engine, hot, 40);
            assertThat(compiled)
                    .hasSize(5)
                    .allSatisfy((name, end) -> assertThat(end).as(name).isEqualTo(interpreted.get(name)));
        }
    }

    @Test
    void anInitializerMayCallAsDeepWhateverTheCallersStack() throws Exception {
        byte[] binary = DeepGuests.initializing();
        FunctionDefinition definition =
                new FunctionDefinition("deep", Path.of("deep.wasm"), LIMITS, Map.of(), InstancePolicy.defaults());
        try (SandboxEngine engine = SandboxEngine.interpreting()) {
            FutureTask<String> refusal = new FutureTask<>(() -> {
                try {
                    SandboxTemplate.prepare(engine, definition, WasmModule.parse(binary))
                            .close();
                    return "accepted";
                } catch (FunctionRejectedException e) {
                    return e.reasons().getFirst();
                }
            });
            Thread.ofPlatform().stackSize(1 << 20).start(refusal);
            assertThat(refusal.get()).contains("stack, more than");
        }
    }
}
