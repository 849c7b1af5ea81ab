package io.gojinn.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.runtime.hostile.Hostile;
import io.gojinn.runtime.hostile.HostileModules;
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What hundreds of hostile modules do to a runtime: nothing that outlives them. */
class HostileModulesTest {
    private static final CollectorRegistry METRICS = new CollectorRegistry();
    private static final FunctionRuntime RUNTIME = FunctionRuntime.start(new RuntimeOptions(2, 64), METRICS);

    private static final List<Hostile> ALL = HostileModules.all();
    private static final int CALLS = 2;
    private static final Duration SHORT = Duration.ofMillis(40);

    /** What an ended guest may take beyond its deadline on a busy machine; killing it would come after 100 ms. */
    private static final Duration SLACK = Duration.ofSeconds(1);

    @TempDir
    private static Path folder;

    private static FunctionInvoker healthy;

    @BeforeAll
    static void prepareANeighbour() throws FunctionRejectedException {
        healthy = prepare("healthy", TestModules.module("ok"), Duration.ofSeconds(20));
    }

    @AfterAll
    static void close() {
        RUNTIME.close();
    }

    @Test
    void hundredsOfHostileModulesEndAsDocumentedAndLeaveNothingBehind() {
        assertThat(ALL.stream().map(Hostile::name)).doesNotHaveDuplicates().hasSizeGreaterThan(400);
        List<String> surprises = ALL.stream().flatMap(HostileModulesTest::run).toList();
        assertThat(surprises).isEmpty();
        assertNothingRuns();
    }

    @Test
    void initializersThatNeverEndAreGivenUp() {
        // Side by side, for each takes as long as preparation may.
        List<String> surprises = Collections.synchronizedList(new ArrayList<>());
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            HostileModules.slowToPrepare()
                    .forEach(guest -> executor.execute(() -> run(guest).forEach(surprises::add)));
        }
        assertThat(surprises).isEmpty();
    }

    @Test
    void repeatedAttacksTakeNoMoreMemoryThanTheFirst() throws IOException {
        List<Attack> attacks = ALL.stream()
                .filter(guest -> guest.name()
                        .matches("grows-then-traps|grows-and-touches.*|table-may-grow.*|deep-direct|touches-what.*|"
                                + "floods-stdout-by-pages|data-beyond-memory|start-traps|unreachable"))
                .map(HostileModulesTest::attack)
                .toList();
        assertThat(attacks).hasSize(9);
        attack(attacks);
        long directBytes = settledDirectBytes();
        int mappings = mappings();
        for (int round = 0; round < 3; round++) {
            attack(attacks);
        }
        // An instance of each that waits for its next request, more or less.
        assertThat(settledDirectBytes()).isLessThanOrEqualTo(directBytes + (64L << 20));
        // Code and heap of the virtual machine are mapped in pieces as well.
        assertThat(mappings()).isLessThanOrEqualTo(mappings + 200);
    }

    /** One round; returns how it ended. */
    private interface Attack {
        String round();
    }

    private static void attack(List<Attack> attacks) {
        assertThat(attacks).allMatch(attack -> !attack.round().startsWith("200"));
    }

    /** A refused module is prepared again in each round, any other one called again. */
    private static Attack attack(Hostile guest) {
        Path file = write(guest);
        try {
            FunctionInvoker function = prepare(guest.name() + "-again", file, Duration.ofSeconds(20));
            return () -> call(function).answer();
        } catch (FunctionRejectedException refused) {
            return () -> {
                try {
                    prepare(guest.name(), file, SHORT);
                    return "200 accepted";
                } catch (FunctionRejectedException e) {
                    return "refused";
                }
            };
        }
    }

    private static Path write(Hostile guest) {
        try {
            return Files.write(folder.resolve(guest.name().replace(':', '-') + ".wasm"), guest.binary());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Prepares and calls; returns what was not as it should be. */
    private static Stream<String> run(Hostile guest) {
        List<String> surprises = new ArrayList<>();
        Path file = write(guest);
        Duration timeout = guest.endless() ? SHORT : Duration.ofSeconds(20);
        try {
            FunctionInvoker function = prepare(guest.name(), file, timeout);
            Set<Long> fuels = new HashSet<>();
            for (int call = 0; call < CALLS; call++) {
                TestInvocation invocation = call(function);
                String answer = invocation.answer();
                for (int again = 0; answer.equals("overloaded") && again < 10; again++) {
                    // On a starved machine no worker comes within the short timeout.
                    invocation = call(function);
                    answer = invocation.answer();
                }
                Outcome.Usage usage = invocation.outcome().usage();
                check(guest, answer, surprises);
                if (usage.executionNanos() > timeout.plus(SLACK).toNanos()) {
                    surprises.add(guest + ": ran for " + usage.executionNanos() / 1_000_000 + " ms");
                }
                if (invocation.outcome() instanceof Outcome.Failed failed) {
                    if (failed.failure() == FunctionFailure.STACK
                            && !failed.detail().endsWith("stack slots")) {
                        surprises.add(guest + ": the engine's own stack ended: " + failed.detail());
                    }
                    fuels.add(failed.failure() == FunctionFailure.STACK ? usage.fuel() : 0);
                }
            }
            if (fuels.size() > 1) {
                surprises.add(guest + ": fuel differs: " + fuels);
            }
        } catch (FunctionRejectedException e) {
            check(guest, "refused: " + String.join("; ", e.reasons()).replace('\n', ' '), surprises);
        } catch (RuntimeException | Error e) {
            surprises.add(guest + ": preparing threw " + e);
        }
        String neighbour = call(healthy).answer();
        if (!neighbour.equals("200 ok")) {
            surprises.add(guest + ": afterwards a healthy function ended with " + neighbour);
        }
        return surprises.stream();
    }

    private static void check(Hostile guest, String answer, List<String> surprises) {
        if (!answer.matches(guest.ending())) {
            surprises.add(guest + ": found " + answer + ", expected " + guest.ending());
        }
    }

    private static void assertNothingRuns() {
        await().until(() -> Objects.requireNonNull(METRICS.getSampleValue("gojinn_active_sandboxes")) == 0);
        assertThat(METRICS.getSampleValue("gojinn_waiting_executions")).isZero();
        await().until(() -> idleInstances() == 0);
    }

    private static double idleInstances() {
        return Collections.list(METRICS.filteredMetricFamilySamples(Set.of("gojinn_idle_instances"))).stream()
                .flatMap(family -> family.samples.stream())
                .mapToDouble(sample -> sample.value)
                .sum();
    }

    private static long settledDirectBytes() {
        BufferPoolMXBean pool = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(bean -> bean.getName().equals("direct"))
                .findFirst()
                .orElseThrow();
        long[] last = {Long.MAX_VALUE};
        // Memory given up is freed when the collector finds it.
        await().pollInterval(Duration.ofMillis(200)).until(() -> {
            System.gc();
            long before = last[0];
            last[0] = pool.getMemoryUsed();
            return last[0] >= before;
        });
        return last[0];
    }

    private static int mappings() throws IOException {
        Path maps = Path.of("/proc/self/maps");
        return Files.exists(maps) ? Files.readAllLines(maps).size() : 0;
    }

    private static FunctionInvoker prepare(String name, Path module, Duration timeout)
            throws FunctionRejectedException {
        FunctionLimits limits = new FunctionLimits(timeout, 100_000_000_000L, 16 << 20, 1 << 20, 1 << 20, 2, 8);
        return RUNTIME.prepare(new FunctionDefinition(
                        name, module, limits, Map.of(), new InstancePolicy(Duration.ofSeconds(1), 0)))
                .invoker();
    }

    private static TestInvocation call(FunctionInvoker function) {
        TestInvocation invocation = new TestInvocation("hello");
        function.invoke(invocation);
        return invocation;
    }
}
