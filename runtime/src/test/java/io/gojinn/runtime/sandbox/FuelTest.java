package io.gojinn.runtime.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRejectedException;
import io.gojinn.runtime.FunctionRuntime;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.TestInvocation;
import io.gojinn.runtime.TestModules;
import io.gojinn.runtime.module.InvalidModuleException;
import io.gojinn.runtime.module.WasmModule;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same module and the same input use the same fuel, whatever executes them. */
class FuelTest {
    private static final SandboxEngine COMPILING = SandboxEngine.create();
    private static final SandboxEngine INTERPRETING = SandboxEngine.interpreting();
    private static final int RUNS = 100;
    private static final int INTERPRETED_RUNS = 3;

    @AfterAll
    static void close() {
        COMPILING.close();
        INTERPRETING.close();
    }

    private static final class Subject implements AutoCloseable {
        final FunctionDefinition definition;
        final SandboxTemplate template;
        Sandbox sandbox;

        Subject(SandboxEngine engine, Path module) throws FunctionRejectedException, InvalidModuleException {
            definition =
                    new FunctionDefinition("f", module, FunctionLimits.defaults(), Map.of(), InstancePolicy.defaults());
            template = SandboxTemplate.prepare(engine, definition, WasmModule.parse(FunctionRuntime.read(module)));
            sandbox = template.open(definition);
        }

        SandboxTemplate.ServeEnd serve(String input, long budget) {
            RunTerms terms =
                    new RunTerms(TestInvocation.ofStdin(input), System.nanoTime() + 60_000_000_000L, () -> false);
            SandboxTemplate.ServeEnd end = template.serve(sandbox, terms, budget);
            if (!template.restore(sandbox)) {
                sandbox.close();
                sandbox = template.open(definition);
            }
            return end;
        }

        @Override
        public void close() {
            sandbox.close();
            template.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"kernel-hash", "kernel-nbody", "kernel-fib", "kernel-match", "kernel-matrix", "env", "divide"})
    void isTheSameOnEveryRunInterpretedAndCompiled(String module) throws Exception {
        Set<Long> counts = new TreeSet<>();
        try (Subject compiled = new Subject(COMPILING, TestModules.module(module));
                Subject interpreted = new Subject(INTERPRETING, TestModules.module(module))) {
            for (int run = 0; run < RUNS; run++) {
                counts.add(compiled.serve("1", Long.MAX_VALUE).fuel());
            }
            for (int run = 0; run < INTERPRETED_RUNS; run++) {
                counts.add(interpreted.serve("1", Long.MAX_VALUE).fuel());
            }
        }
        assertThat(counts).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"kernel-hash", "kernel-nbody", "kernel-fib", "kernel-match", "kernel-matrix"})
    void runsOutAtTheSameCountInterpretedAndCompiled(String module) throws Exception {
        try (Subject compiled = new Subject(COMPILING, TestModules.module(module));
                Subject interpreted = new Subject(INTERPRETING, TestModules.module(module))) {
            long whole = interpreted.serve("1", Long.MAX_VALUE).fuel();
            for (long budget : new long[] {1, 1_000, whole / 3, whole / 2, whole - 1}) {
                Set<Long> counts = new TreeSet<>();
                for (int run = 0; run < RUNS; run++) {
                    SandboxTemplate.ServeEnd end = (run < INTERPRETED_RUNS ? interpreted : compiled).serve("1", budget);
                    counts.add(end.fuel());
                    if (budget < whole / 2 + 1) {
                        assertThat(end.run().failure()).isEqualTo(FunctionFailure.FUEL);
                    }
                }
                assertThat(counts).as("a budget of %d", budget).hasSize(1);
            }
            assertThat(compiled.serve("1", whole).run().failure()).isNull();
        }
    }
}
