package io.gojinn.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.prometheus.client.CollectorRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A function lives for as long as somebody has prepared it, and not longer. */
class FunctionOwnershipTest {
    private static final CollectorRegistry METRICS = new CollectorRegistry();
    private static final FunctionRuntime RUNTIME = FunctionRuntime.start(new RuntimeOptions(2, 64), METRICS);

    @TempDir
    private Path folder;

    @AfterAll
    static void close() {
        RUNTIME.close();
    }

    private static FunctionDefinition definition(String name, Path module, Duration timeout) {
        FunctionLimits limits = new FunctionLimits(timeout, 100_000_000_000L, 16 << 20, 5 << 20, 1 << 20, 8, 64);
        return new FunctionDefinition(name, module, limits, Map.of(), InstancePolicy.defaults());
    }

    private static FunctionDefinition definition(String name, Path module) {
        return definition(name, module, Duration.ofSeconds(20));
    }

    private static String answer(PreparedFunction function) {
        TestInvocation invocation = new TestInvocation("");
        function.invoker().invoke(invocation);
        return invocation.answer();
    }

    private static @Nullable Double metric(String name, String function) {
        return METRICS.getSampleValue(name, new String[] {"function"}, new String[] {function});
    }

    @Test
    void isTheSameWithItsInstancesWhenItIsPreparedAgain() throws FunctionRejectedException {
        FunctionDefinition definition = definition("same", TestModules.module("ok"));
        try (PreparedFunction first = RUNTIME.prepare(definition)) {
            assertThat(answer(first)).isEqualTo("200 ok");
            await().until(() -> Double.valueOf(1).equals(metric("gojinn_idle_instances", "same")));
            try (PreparedFunction second = RUNTIME.prepare(definition)) {
                assertThat(second.invoker()).isSameAs(first.invoker());
                assertThat(second.module()).isSameAs(first.module());
            }
            assertThat(answer(first)).isEqualTo("200 ok");
            assertThat(metric("gojinn_function_instantiations_total", "same")).isEqualTo(1);
        }
    }

    @Test
    void isForgottenWithItsModuleWhenTheLastOneLetsGo() throws FunctionRejectedException {
        double modules = METRICS.getSampleValue("gojinn_prepared_modules");
        FunctionDefinition definition = definition("gone", TestModules.module("env"));
        for (int i = 0; i < 3; i++) {
            PreparedFunction first = RUNTIME.prepare(definition);
            PreparedFunction second = RUNTIME.prepare(definition);
            answer(second);
            second.close();
            second.close();
            assertThat(METRICS.getSampleValue("gojinn_prepared_modules")).isEqualTo(modules + 1);
            first.close();
            await().untilAsserted(() -> {
                assertThat(METRICS.getSampleValue("gojinn_prepared_modules")).isEqualTo(modules);
                assertThat(metric("gojinn_idle_instances", "gone")).isNull();
                assertThat(metric("gojinn_function_fuel_total", "gone")).isNull();
            });
        }
    }

    @Test
    void endsWhatRunsBeforeItIsClosed() throws FunctionRejectedException {
        PreparedFunction function =
                RUNTIME.prepare(definition("running", TestModules.module("busy-loop"), Duration.ofMillis(300)));
        TestInvocation invocation = new TestInvocation("");
        function.invoker().invoke(invocation);
        await().until(() -> METRICS.getSampleValue("gojinn_active_sandboxes") == 1);
        function.close();
        assertThat(metric("gojinn_idle_instances", "running")).isZero();
        assertThat(invocation.answer()).isEqualTo("deadline");
        await().until(() -> metric("gojinn_idle_instances", "running") == null);
    }

    @Test
    void isAnotherOneWhenItsFileHoldsAnotherModule() throws Exception {
        Path file = Files.copy(TestModules.module("ok"), folder.resolve("f.wasm"));
        try (PreparedFunction before = RUNTIME.prepare(definition("replaced", file))) {
            Files.copy(TestModules.module("ok-reactor"), file, StandardCopyOption.REPLACE_EXISTING);
            try (PreparedFunction after = RUNTIME.prepare(definition("replaced", file))) {
                assertThat(after.invoker()).isNotSameAs(before.invoker());
                assertThat(answer(before)).isEqualTo("200 ok");
                assertThat(answer(after)).isEqualTo("200 ok");
            }
            await().until(() -> Double.valueOf(1).equals(metric("gojinn_idle_instances", "replaced")));
        }
    }

    @Test
    void leavesNothingOfAModuleThatIsRefused() throws Exception {
        double modules = METRICS.getSampleValue("gojinn_prepared_modules");
        Path file = Files.writeString(folder.resolve("bad.wasm"), "no module");
        List<Future<PreparedFunction>> prepared =
                RUNTIME.prepareAll(List.of(definition("one", file), definition("two", file)), 2);
        assertThat(prepared).allMatch(future -> future.state() == Future.State.FAILED);
        assertThatThrownBy(() -> RUNTIME.prepare(definition("one", file)))
                .isInstanceOf(FunctionRejectedException.class);
        assertThat(METRICS.getSampleValue("gojinn_prepared_modules")).isEqualTo(modules);
    }
}
