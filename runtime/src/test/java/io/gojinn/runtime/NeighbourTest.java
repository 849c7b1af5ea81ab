package io.gojinn.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.prometheus.client.CollectorRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What functions feel of each other when there are more executions than processors. */
class NeighbourTest {
    private static final int THREADS = 2;
    private static final int LONG_ONES = 8;

    private final CollectorRegistry metrics = new CollectorRegistry();
    private final FunctionRuntime runtime = FunctionRuntime.start(new RuntimeOptions(THREADS, 64), metrics);

    @AfterEach
    void close() {
        runtime.close();
    }

    @Test
    void answersShortExecutionsWhileMoreLongOnesRunThanThereAreProcessors() throws FunctionRejectedException {
        FunctionInvoker healthy = prepare("ok", "ok", Duration.ofSeconds(20));
        FunctionInvoker attacker = prepare("busy-loop", "attacker", Duration.ofSeconds(20));
        List<FunctionInvoker.Execution> attack = new ArrayList<>();
        List<TestInvocation> attacks = new ArrayList<>();
        for (int i = 0; i < LONG_ONES; i++) {
            TestInvocation invocation = new TestInvocation("");
            attacks.add(invocation);
            attack.add(attacker.invoke(invocation));
        }
        awaitRunning(LONG_ONES);
        for (int request = 0; request < 100; request++) {
            assertThat(call(healthy).answer()).isEqualTo("200 ok");
        }
        assertThat(attacks).noneMatch(TestInvocation::isCompleted);
        // Also those whose turn it is not end at once.
        attack.forEach(FunctionInvoker.Execution::cancel);
        assertThat(attacks).allMatch(invocation -> invocation.answer().equals("cancelled"));
        await().until(() -> metrics.getSampleValue("gojinn_background_executions") == 0);
    }

    @Test
    void startsEveryExecutionOfAManifoldOfTheProcessors() throws FunctionRejectedException {
        FunctionInvoker function = prepare("busy-loop", "crowd", Duration.ofMinutes(2), 32);
        List<FunctionInvoker.Execution> crowd = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            crowd.add(function.invoke(new TestInvocation("")));
        }
        awaitRunning(32);
        crowd.forEach(FunctionInvoker.Execution::cancel);
        awaitRunning(0);
    }

    @Test
    void letsOthersRunWhileAGuestSleeps() throws FunctionRejectedException {
        FunctionInvoker sleeper = prepare("sleeper", "sleeper", Duration.ofSeconds(20));
        List<FunctionInvoker.Execution> asleep = new ArrayList<>();
        for (int i = 0; i < LONG_ONES; i++) {
            asleep.add(sleeper.invoke(new TestInvocation("")));
        }
        awaitRunning(LONG_ONES);
        FunctionInvoker healthy = prepare("ok", "ok", Duration.ofSeconds(20));
        assertThat(call(healthy).answer()).isEqualTo("200 ok");
        asleep.forEach(FunctionInvoker.Execution::cancel);
        awaitRunning(0);
    }

    private void awaitRunning(int executions) {
        await().atMost(Duration.ofMinutes(1))
                .until(() -> metrics.getSampleValue("gojinn_active_sandboxes") == executions);
    }

    private FunctionInvoker prepare(String module, String name, Duration timeout) throws FunctionRejectedException {
        return prepare(module, name, timeout, LONG_ONES);
    }

    private FunctionInvoker prepare(String module, String name, Duration timeout, int concurrency)
            throws FunctionRejectedException {
        FunctionLimits limits =
                new FunctionLimits(timeout, Long.MAX_VALUE / 2, 16 << 20, 5 << 20, 1 << 20, concurrency, 64);
        return runtime.prepare(new FunctionDefinition(
                        name, TestModules.module(module), limits, Map.of(), InstancePolicy.defaults()))
                .invoker();
    }

    private static TestInvocation call(FunctionInvoker function) {
        TestInvocation invocation = new TestInvocation("hello");
        function.invoke(invocation);
        return invocation;
    }
}
