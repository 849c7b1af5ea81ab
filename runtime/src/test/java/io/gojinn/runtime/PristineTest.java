package io.gojinn.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Many clients of many functions at once: every request leaves secrets wherever it can, and none finds another's. */
class PristineTest {
    private static final int REQUESTS = 100_000;
    private static final int CLIENTS = 8;
    private static final int TENANTS = 4;

    /** Instances of modules that change their table are used once, so that each of these requests costs a new one. */
    private static final int TABLE_REQUESTS = 2_000;

    private static final FunctionLimits LIMITS =
            new FunctionLimits(Duration.ofSeconds(20), 100_000_000_000L, 16 << 20, 5 << 20, 1 << 20, 8, 64);

    private static final CollectorRegistry METRICS = new CollectorRegistry();
    private static final FunctionRuntime RUNTIME = FunctionRuntime.start(new RuntimeOptions(4, 64), METRICS);

    @AfterAll
    static void close() {
        RUNTIME.close();
    }

    @Test
    void noRequestFindsWhatAnotherLeft() throws Exception {
        List<FunctionInvoker> tenants = new ArrayList<>();
        for (int tenant = 0; tenant < TENANTS; tenant++) {
            tenants.add(prepare("canary", "tenant-" + tenant, Map.of("TENANT", "" + tenant)));
        }
        Map<String, AtomicLong> answers = call(tenants, REQUESTS);
        assertThat(answers.keySet()).containsOnly("200 clean", "trap");
        // Half of those that are expected: the canaries do live.
        assertThat(answers.getOrDefault("trap", new AtomicLong()).get()).isGreaterThan(REQUESTS / 32);
        assertThat(instantiations(tenants))
                .as("those that grew, and few others")
                .isBetween(REQUESTS / 128.0, REQUESTS / 32.0);
    }

    @Test
    void noRequestFindsTablesAndSegmentsChanged() throws Exception {
        List<FunctionInvoker> functions = List.of(prepare("canary-table", "table", Map.of()));
        assertThat(call(functions, TABLE_REQUESTS).keySet()).containsOnly("200 clean");
    }

    private static FunctionInvoker prepare(String module, String name, Map<String, String> environment)
            throws FunctionRejectedException {
        return RUNTIME.prepare(new FunctionDefinition(
                        name, TestModules.module(module), LIMITS, environment, InstancePolicy.defaults()))
                .invoker();
    }

    private static double instantiations(List<FunctionInvoker> functions) {
        return functions.stream()
                .mapToDouble(function -> METRICS.getSampleValue(
                        "gojinn_function_instantiations_total", new String[] {"function"}, new String[] {function.name()
                        }))
                .sum();
    }

    /** Calls functions in turn from many threads, and counts the answers. */
    private static Map<String, AtomicLong> call(List<FunctionInvoker> functions, int requests) throws Exception {
        Map<String, AtomicLong> answers = new ConcurrentHashMap<>();
        AtomicLong next = new AtomicLong();
        Callable<Void> client = () -> {
            long request;
            while ((request = next.getAndIncrement()) < requests) {
                TestInvocation invocation = new TestInvocation("request " + request);
                functions.get((int) (request % functions.size())).invoke(invocation);
                answers.computeIfAbsent(invocation.answer(), answer -> new AtomicLong())
                        .incrementAndGet();
            }
            return null;
        };
        try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            for (Future<Void> ended : clients.invokeAll(Collections.nCopies(CLIENTS, client))) {
                ended.get();
            }
        }
        return answers;
    }
}
