package io.gojinn.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of calls whose callers get workers to come for several at once. */
class WakingTest {
    private static final int CALLERS = 4;
    private static final int BATCHES = 1_001;
    private static final int MOST_AT_ONCE = 7;
    private static final long OVERLOOKED_NANOS = 100_000_000;

    private final AtomicInteger overlooked = new AtomicInteger();

    private final FunctionRuntime runtime = FunctionRuntime.start(new RuntimeOptions(2, 64), new CollectorRegistry());

    @SuppressWarnings("NullAway.Init")
    private FunctionInvoker function;

    @BeforeEach
    void prepare() throws FunctionRejectedException {
        FunctionLimits limits = new FunctionLimits(
                Duration.ofSeconds(20), 1_000_000_000, 16 << 20, 5 << 20, 1 << 20, 2, CALLERS * MOST_AT_ONCE);
        function = runtime.prepare(new FunctionDefinition(
                        "ok", TestModules.module("ok"), limits, Map.of(), InstancePolicy.defaults()))
                .invoker();
    }

    @AfterEach
    void close() {
        runtime.close();
    }

    @Test
    void everyCallOfManyBatchesFromManyThreadsIsAnswered() throws Exception {
        try (ExecutorService callers = Executors.newFixedThreadPool(CALLERS)) {
            List<Future<Integer>> all = new ArrayList<>();
            for (int caller = 0; caller < CALLERS; caller++) {
                all.add(callers.submit((Callable<Integer>) this::callInBatches));
            }
            for (Future<Integer> answered : all) {
                assertThat(answered.get()).isEqualTo(BATCHES * (1 + MOST_AT_ONCE) / 2);
            }
        }
    }

    private int callInBatches() {
        int answered = 0;
        for (int batch = 0; batch < BATCHES; batch++) {
            List<PutOff> calls = new ArrayList<>();
            for (int i = 0; i <= batch % MOST_AT_ONCE; i++) {
                PutOff call = new PutOff();
                function.invoke(call);
                calls.add(call);
            }
            calls.forEach(PutOff::wake);
            for (PutOff call : calls) {
                assertThat(call.answer()).isEqualTo("200 ok");
                answered++;
                if (call.outcome().usage().queuedNanos() > OVERLOOKED_NANOS) {
                    // Workers look by themselves once a second; a machine may stand still for a while, but not a
                    // hundred times.
                    assertThat(overlooked.incrementAndGet()).isLessThan(100);
                }
            }
        }
        return answered;
    }

    @Test
    void whoIsAdmittedIsToldOnceAndWhoIsRefusedIsNot() {
        List<PutOff> calls = new ArrayList<>();
        // More than there is room for, however many are answered meanwhile.
        for (int i = 0; i < 10_000; i++) {
            PutOff call = new PutOff();
            function.invoke(call);
            calls.add(call);
        }
        calls.stream().filter(call -> !call.wakes.isEmpty()).forEach(PutOff::wake);
        for (PutOff call : calls) {
            assertThat(call.wakes).hasSize(call.answer().equals("200 ok") ? 1 : 0);
        }
        assertThat(calls).anyMatch(call -> call.answer().equals("overloaded"));
    }

    /** A call that keeps what would get a worker to come. */
    private static final class PutOff extends TestInvocation {
        private final List<Runnable> wakes = new ArrayList<>();

        PutOff() {
            super("hello");
        }

        @Override
        public void admitted(Runnable wake) {
            wakes.add(wake);
        }

        void wake() {
            wakes.forEach(Runnable::run);
        }
    }
}
