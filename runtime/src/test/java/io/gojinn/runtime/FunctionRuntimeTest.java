package io.gojinn.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The runtime through its public face: what real modules, good and hostile, get from it. */
class FunctionRuntimeTest {
    private static final CollectorRegistry METRICS = new CollectorRegistry();
    private static final FunctionRuntime RUNTIME = FunctionRuntime.start(new RuntimeOptions(2, 64), METRICS);

    private static final long FUEL = 100_000_000_000L;

    private static final FunctionLimits LIMITS =
            new FunctionLimits(Duration.ofSeconds(20), FUEL, 16 << 20, 5 << 20, 1 << 20, 8, 64);

    @AfterAll
    static void close() {
        RUNTIME.close();
    }

    @Test
    void compilesFunctionsWithTheFlagsOfTheLauncher() {
        assertThat(RUNTIME.compiles()).as(RUNTIME.engine()).isTrue();
        assertThat(METRICS.getSampleValue("gojinn_engine_compiled")).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "ok, 200 ok",
        "ok-reactor, 200 ok",
        "exit-0, 200 ok",
        "trap, trap",
        "divide, trap",
        "out-of-bounds, trap",
        "exit-3, exit",
        "recursion, stack",
        "text, contract",
        "empty, contract",
        "truncated-json, contract",
        "bad-status, contract",
        "bad-header, contract",
        "writer, output_limit",
        "memory-hog, memory"
    })
    void endsAsTheContractSays(String module, String expected) throws FunctionRejectedException {
        FunctionInvoker function = prepare(module, LIMITS);
        for (int request = 0; request < 3; request++) {
            assertThat(call(function).answer()).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"wild-pointer", "huge-iovec", "start-function", "stderr", "log"})
    void answersHostileCallsWithErrnoAndLetsTheGuestGoOn(String module) throws FunctionRejectedException {
        FunctionInvoker function = prepare(module, LIMITS);
        assertThat(call(function).answer()).startsWith("200");
        assertThat(call(function).answer()).startsWith("200");
    }

    @Test
    void givesAGuestNoMoreMemoryThanItsLimit() throws FunctionRejectedException {
        FunctionLimits fourPages =
                new FunctionLimits(Duration.ofSeconds(20), FUEL, 4 * 65_536, 5 << 20, 1 << 20, 8, 64);
        assertThat(call(prepare("memory-polite", fourPages)).answer()).isEqualTo("200 4");
    }

    @Test
    void endsABusyLoopAtItsDeadline() throws FunctionRejectedException {
        FunctionInvoker function = prepare("busy-loop", limits(Duration.ofMillis(50)));
        TestInvocation invocation = call(function);
        assertThat(invocation.answer()).isEqualTo("deadline");
        assertThat(invocation.outcome().usage().executionNanos())
                .isBetween(
                        Duration.ofMillis(50).toNanos(), Duration.ofMillis(500).toNanos());
        assertThat(call(prepare("ok", LIMITS)).answer()).isEqualTo("200 ok");
    }

    /** The best of some runs: how often a busy machine lets a thread wait is not the runtime's. See DeadlineMain. */
    @ParameterizedTest
    @ValueSource(strings = {"busy-loop", "busy-calls", "busy-fill", "busy-host", "busy-branches"})
    void endsWhateverNeverEnds(String module) throws FunctionRejectedException {
        FunctionInvoker function = prepare(module, limits(Duration.ofMillis(50)));
        long leastExecutionNanos = Long.MAX_VALUE;
        long leastCancelNanos = Long.MAX_VALUE;
        for (int run = 0; run < 10; run++) {
            TestInvocation invocation = call(function);
            if (invocation.answer().equals("deadline")) {
                leastExecutionNanos = Math.min(
                        leastExecutionNanos, invocation.outcome().usage().executionNanos());
            }
        }
        FunctionInvoker cancelled = prepare(module, LIMITS, module + "-cancelled");
        for (int run = 0; run < 10; run++) {
            TestInvocation invocation = new TestInvocation("");
            FunctionInvoker.Execution execution = cancelled.invoke(invocation);
            await().until(() -> METRICS.getSampleValue("gojinn_active_sandboxes") == 1);
            long startNanos = System.nanoTime();
            execution.cancel();
            assertThat(invocation.answer()).isEqualTo("cancelled");
            leastCancelNanos = Math.min(leastCancelNanos, System.nanoTime() - startNanos);
        }
        assertThat(leastExecutionNanos)
                .isBetween(
                        Duration.ofMillis(50).toNanos(), Duration.ofMillis(100).toNanos());
        assertThat(leastCancelNanos).isLessThan(Duration.ofMillis(20).toNanos());
    }

    @Test
    void endsAGuestThatUsedUpItsFuelAtTheSameCountEachTime() throws FunctionRejectedException {
        FunctionInvoker function = prepare(
                "busy-loop", new FunctionLimits(Duration.ofSeconds(20), 3_000_000, 16 << 20, 5 << 20, 1 << 20, 8, 64));
        Set<Long> counts = new HashSet<>();
        for (int run = 0; run < 100; run++) {
            TestInvocation invocation = call(function);
            assertThat(invocation.answer()).isEqualTo("fuel");
            counts.add(invocation.outcome().usage().fuel());
        }
        assertThat(counts).hasSize(1);
        assertThat(counts.iterator().next()).isBetween(3_000_001L, 3_000_100L);
    }

    @Test
    void keepsTheInstanceOfAGuestThatWasEnded() throws FunctionRejectedException {
        FunctionInvoker function = prepare("busy-loop", limits(Duration.ofMillis(200)), "kept");
        for (int run = 0; run < 20; run++) {
            assertThat(call(function).answer()).isEqualTo("deadline");
        }
        assertThat(METRICS.getSampleValue(
                        "gojinn_function_instantiations_total", new String[] {"function"}, new String[] {"kept"}))
                .as("a guest that the machine lets wait for a tenth of a second is killed")
                .isLessThanOrEqualTo(5);
    }

    @Test
    void everyRequestStartsFromThePristineState() throws FunctionRejectedException {
        FunctionInvoker function = prepare("global-canary", LIMITS);
        for (int request = 0; request < 20; request++) {
            assertThat(call(function).answer()).isEqualTo("200 1 2 3 4 5 6");
        }
    }

    @Test
    void keepsWhatInitializationGrewAndWrote() throws FunctionRejectedException {
        FunctionInvoker function = prepare("init-grows", LIMITS);
        String first = call(function).answer();
        assertThat(first).startsWith("200");
        assertThat(call(function).answer()).isEqualTo(first);
    }

    @Test
    void reusesAnInstanceForTheNextRequest() throws FunctionRejectedException {
        FunctionInvoker function = prepare("ok", LIMITS, "reused");
        for (int request = 0; request < 50; request++) {
            assertThat(call(function).answer()).isEqualTo("200 ok");
        }
        assertThat(METRICS.getSampleValue(
                        "gojinn_function_instantiations_total", new String[] {"function"}, new String[] {"reused"}))
                .isLessThanOrEqualTo(2);
    }

    @Test
    void keepsStderrAndLogLines() throws FunctionRejectedException {
        TestInvocation stderr = call(prepare("stderr", LIMITS));
        assertThat(stderr.answer()).startsWith("200");
        assertThat(stderr.lines()).hasSize(2);
        TestInvocation log = call(prepare("log", LIMITS));
        assertThat(log.answer()).startsWith("200");
        assertThat(log.lines()).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "imports-unknown | env",
                "imports-kv | needs the grant \"kv\"",
                "no-memory | memory",
                "no-entry | neither",
                "both-entries | both",
                "big-memory | limit",
                "table-bomb | table",
                "init-trap | _initialize failed: trap"
            })
    void refusesWhatItCannotRun(String module, String reason) {
        assertThatThrownBy(() -> prepare(module, LIMITS))
                .isInstanceOf(FunctionRejectedException.class)
                .hasMessageContaining(module + ".wasm")
                .hasMessageContaining(reason);
    }

    @Test
    void refusesAModuleThatNeverFinishesInitializing() {
        assertThatThrownBy(() -> prepare("init-loop", LIMITS))
                .isInstanceOf(FunctionRejectedException.class)
                .hasMessageContaining("_initialize ran longer");
    }

    @Test
    void refusesFilesThatAreNoModules(@TempDir Path folder) throws IOException {
        byte[] good = Files.readAllBytes(TestModules.module("ok"));
        Path truncated = Files.write(folder.resolve("truncated.wasm"), java.util.Arrays.copyOf(good, good.length / 2));
        Path text = Files.writeString(folder.resolve("text.wasm"), "not a module");
        Path empty = Files.createFile(folder.resolve("empty.wasm"));
        for (Path file : List.of(truncated, text, empty, folder.resolve("missing.wasm"))) {
            assertThatThrownBy(() -> RUNTIME.prepare(
                            new FunctionDefinition("bad", file, LIMITS, Map.of(), InstancePolicy.defaults())))
                    .isInstanceOf(FunctionRejectedException.class)
                    .hasMessageContaining(file.toString());
        }
    }

    @Test
    void turnsAwayWhatExceedsConcurrencyAndQueue() throws FunctionRejectedException {
        FunctionLimits narrow = new FunctionLimits(Duration.ofMillis(300), FUEL, 16 << 20, 5 << 20, 1 << 20, 1, 2);
        FunctionInvoker function = prepare("busy-loop", narrow);
        List<TestInvocation> calls = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            calls.add(call(function));
        }
        assertThat(calls.stream().filter(TestInvocation::isCompleted)).hasSizeGreaterThanOrEqualTo(7);
        assertThat(calls.stream().map(TestInvocation::answer))
                .contains("deadline")
                .contains("overloaded");
    }

    @Test
    void freesTheSandboxOfACancelledExecution() throws FunctionRejectedException {
        FunctionInvoker function = prepare("busy-loop", LIMITS);
        TestInvocation invocation = new TestInvocation("");
        FunctionInvoker.Execution execution = function.invoke(invocation);
        await().until(() -> METRICS.getSampleValue("gojinn_active_sandboxes") == 1);
        execution.cancel();
        execution.cancel();
        assertThat(invocation.answer()).isEqualTo("cancelled");
        await().until(() -> METRICS.getSampleValue("gojinn_active_sandboxes") == 0);
    }

    @Test
    void preparesAModuleOnceForManyFunctions() throws FunctionRejectedException {
        prepare("ok", LIMITS, "one");
        double before = METRICS.getSampleValue("gojinn_prepared_modules");
        for (int i = 0; i < 100; i++) {
            prepare("ok", LIMITS, "copy-" + i);
        }
        assertThat(METRICS.getSampleValue("gojinn_prepared_modules")).isEqualTo(before);
    }

    private static FunctionLimits limits(Duration timeout) {
        return new FunctionLimits(timeout, FUEL, 16 << 20, 5 << 20, 1 << 20, 8, 64);
    }

    private static FunctionInvoker prepare(String module, FunctionLimits limits) throws FunctionRejectedException {
        return prepare(module, limits, module);
    }

    private static FunctionInvoker prepare(String module, FunctionLimits limits, String name)
            throws FunctionRejectedException {
        return RUNTIME.prepare(new FunctionDefinition(
                        name, TestModules.module(module), limits, Map.of(), InstancePolicy.defaults()))
                .invoker();
    }

    private static TestInvocation call(FunctionInvoker function) {
        TestInvocation invocation = new TestInvocation("hello");
        function.invoke(invocation);
        return invocation;
    }
}
