package io.gojinn.latency;

import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.FunctionInvoker.Execution;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRejectedException;
import io.gojinn.runtime.FunctionRuntime;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.RuntimeOptions;
import io.prometheus.client.CollectorRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How late guests that never end are ended: at a deadline of 50 ms, alone and 32 at once, and when they are cancelled. The
 * first runs of a module, in which it is compiled and the process itself starts, are shown apart from those that follow. The
 * control is a plain loop that looks at the clock in each turn and ends itself: what it is late by is the machine's share.
 *
 * <p>{@code jmh-benchmarks/run -main io.gojinn.latency.DeadlineMain [runs [module...]]}; with {@code
 * GOJINN_JAVA_OPTS=-Dpolyglot.engine.Compilation=false} guests are interpreted.
 */
public final class DeadlineMain {
    private static final long TIMEOUT_NANOS = 50_000_000;
    private static final int AT_ONCE = 32;
    private static final FunctionLimits LIMITS = new FunctionLimits(
            Duration.ofNanos(TIMEOUT_NANOS), Long.MAX_VALUE / 2, 16 << 20, 5 << 20, 1 << 20, AT_ONCE, AT_ONCE);

    private DeadlineMain() {}

    /** Runs every loop. */
    @SuppressWarnings("SystemOut") // what it is for
    public static void main(String... arguments) throws Exception {
        int runs = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
        try (FunctionRuntime runtime = FunctionRuntime.start(RuntimeOptions.defaults(), new CollectorRegistry())) {
            System.out.println(runtime.engine() + ", compilation "
                    + System.getProperty("polyglot.engine.Compilation", "" + runtime.compiles())
                    + "; lateness beyond 50 ms, or after cancelling");
            List<String> modules = arguments.length > 1
                    ? List.of(arguments).subList(1, arguments.length)
                    : List.of("busy-loop", "busy-calls", "busy-fill", "busy-host", "busy-branches");
            for (String module : modules) {
                measure(prepare(runtime, module), module, runs);
            }
        }
    }

    private static void measure(FunctionInvoker function, String module, int runs) throws InterruptedException {
        Percentiles first = new Percentiles();
        Percentiles alone = new Percentiles();
        Percentiles controlAlone = new Percentiles();
        Percentiles together = new Percentiles();
        Percentiles controlTogether = new Percentiles();
        Percentiles cancelled = new Percentiles();
        for (int run = 0; run < runs; run++) {
            end(start(function), first);
        }
        for (int run = 0; run < runs; run++) {
            end(start(function), alone);
            spin(1, controlAlone);
        }
        for (int round = 0; round <= runs / AT_ONCE; round++) {
            List<TimedInvocation> started = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                started.add(start(function));
            }
            started.forEach(invocation -> end(invocation, together));
            spin(AT_ONCE, controlTogether);
        }
        for (int run = 0; run < runs; run++) {
            TimedInvocation invocation = new TimedInvocation();
            Execution execution = function.invoke(invocation);
            invocation.awaitEntry();
            Thread.sleep(1 + run % 10);
            long nanos = System.nanoTime();
            execution.cancel();
            invocation.awaitEnd();
            cancelled.add(invocation.endedNanos() - nanos);
        }
        first.print(module + ", first runs");
        alone.print(module);
        controlAlone.print("  control");
        together.print(module + ", 32 at once");
        controlTogether.print("  control");
        cancelled.print(module + ", cancelled");
    }

    private static TimedInvocation start(FunctionInvoker function) {
        TimedInvocation invocation = new TimedInvocation();
        function.invoke(invocation);
        return invocation;
    }

    private static void end(TimedInvocation invocation, Percentiles late) {
        Outcome outcome = invocation.awaitEnd();
        long executionNanos = outcome.usage().executionNanos();
        // One that waited for longer than its timeout was never begun.
        if (executionNanos > 0) {
            late.add(executionNanos - TIMEOUT_NANOS);
        }
    }

    private static void spin(int threads, Percentiles late) throws InterruptedException {
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            all.add(Thread.ofPlatform().start(() -> {
                long deadlineNanos = System.nanoTime() + TIMEOUT_NANOS;
                long now;
                do {
                    now = System.nanoTime();
                } while (now - deadlineNanos < 0);
                late.add(now - deadlineNanos);
            }));
        }
        for (Thread thread : all) {
            thread.join();
        }
    }

    private static FunctionInvoker prepare(FunctionRuntime runtime, String module) throws FunctionRejectedException {
        Path file = Path.of("runtime/src/test/modules", module + ".wasm").toAbsolutePath();
        return runtime.prepare(new FunctionDefinition(module, file, LIMITS, Map.of(), InstancePolicy.defaults()))
                .invoker();
    }
}
