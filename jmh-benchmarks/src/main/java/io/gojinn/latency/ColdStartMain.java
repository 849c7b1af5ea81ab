package io.gojinn.latency;

import io.gojinn.density.DistinctModules;
import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRuntime;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.RuntimeOptions;
import io.prometheus.client.CollectorRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * From the arrival of a request to the first instruction of a function that has no instance: distinct modules of more than
 * 100 KiB, called in turn, each again only after its instance was closed. With many modules those that were used last are
 * ready in the engine and the others have to be parsed; a large heap has room for all.
 *
 * <p>{@code jmh-benchmarks/run -main io.gojinn.latency.ColdStartMain [modules] [rounds]}
 */
public final class ColdStartMain {
    private static final Duration IDLE = Duration.ofMillis(1);

    /** Fewer calls have no 99th percentile to speak of. */
    private static final int ROUNDS_TOGETHER = 5;

    private ColdStartMain() {}

    /** Runs. */
    @SuppressWarnings("SystemOut") // what it is for
    public static void main(String... arguments) throws Exception {
        int modules = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 10;
        CollectorRegistry metrics = new CollectorRegistry();
        Path folder = Files.createTempDirectory("gojinn-cold");
        try (FunctionRuntime runtime = FunctionRuntime.start(RuntimeOptions.defaults(), metrics)) {
            List<FunctionInvoker> functions = prepare(runtime, folder, modules);
            Percentiles entry = new Percentiles();
            Percentiles end = new Percentiles();
            Percentiles secondHalf = new Percentiles();
            for (int round = 1; round <= rounds; round++) {
                for (FunctionInvoker function : functions) {
                    long entryNanos = call(function, end);
                    entry.add(entryNanos);
                    if (round > rounds / 2) {
                        secondHalf.add(entryNanos);
                    }
                }
                if (round % ROUNDS_TOGETHER == 0 || round == rounds) {
                    entry.print("until round " + round + ", arrival to entry");
                    end.print("until round " + round + ", arrival to end");
                    entry = new Percentiles();
                    end = new Percentiles();
                }
                while (hasInstances(metrics)) {
                    Thread.sleep(10);
                }
            }
            secondHalf.print("all of the second half, to entry");
        }
    }

    private static List<FunctionInvoker> prepare(FunctionRuntime runtime, Path folder, int count) throws Exception {
        DistinctModules modules =
                new DistinctModules(Files.readAllBytes(Path.of("config-examples/functions/greet.wasm")));
        List<FunctionInvoker> functions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Path file = Files.write(folder.resolve(i + ".wasm"), modules.module(i));
            file.toFile().deleteOnExit();
            functions.add(runtime.prepare(new FunctionDefinition(
                            "f" + i, file, FunctionLimits.defaults(), Map.of(), new InstancePolicy(IDLE, 0)))
                    .invoker());
        }
        folder.toFile().deleteOnExit();
        return functions;
    }

    /** From the arrival to the first instruction. */
    private static long call(FunctionInvoker function, Percentiles end) throws InterruptedException {
        TimedInvocation invocation = new TimedInvocation();
        long arrivedNanos = System.nanoTime();
        function.invoke(invocation);
        Outcome outcome = invocation.awaitEnd();
        if (!(outcome instanceof Outcome.Replied)) {
            throw new IllegalStateException("found " + outcome);
        }
        invocation.awaitEntry();
        end.add(invocation.endedNanos() - arrivedNanos);
        return invocation.enteredNanos() - arrivedNanos;
    }

    /** Asks for this metric alone: to collect all of them makes garbage enough to be what is measured. */
    private static boolean hasInstances(CollectorRegistry metrics) {
        return Collections.list(metrics.filteredMetricFamilySamples(Set.of("gojinn_idle_instances"))).stream()
                .flatMap(family -> family.samples.stream())
                .anyMatch(sample -> sample.value > 0);
    }
}
