package io.gojinn.runtime.neighbour;

import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRejectedException;
import io.gojinn.runtime.FunctionRuntime;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.RuntimeOptions;
import io.prometheus.client.CollectorRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A call of a healthy function while others attack: busy loops, traps, output floods, growth and recursion, each from as many
 * clients as its bounds of concurrency and queue take, which need a millisecond to come back. Look at p0.99.
 *
 * <p>{@code jmh-benchmarks/run NeighbourBenchmark}
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
public class NeighbourBenchmark {
    private static final int ATTACKER_QUEUE = 2;
    private static final long ROUND_TRIP_NANOS = 1_000_000;

    /** The attackers, by module; {@code -} for none. */
    @Param({"-", "busy-loop", "busy-loop,trap,writer,memory-hog,recursion"})
    public String attackers = "";

    /** Workers, and the concurrency of each attacker. */
    @Param({"2:1", "8:1", "2:64"})
    public String bounds = "";

    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopped;

    @SuppressWarnings("NullAway.Init")
    private FunctionRuntime runtime;

    @SuppressWarnings("NullAway.Init")
    private FunctionInvoker healthy;

    /** Starts the attack. */
    @Setup(Level.Trial)
    public void attack() throws FunctionRejectedException {
        int colon = bounds.indexOf(':');
        int concurrency = Integer.parseInt(bounds.substring(colon + 1));
        runtime = FunctionRuntime.start(
                new RuntimeOptions(Integer.parseInt(bounds.substring(0, colon)), 4_096), new CollectorRegistry());
        healthy = prepare("ok", 64);
        if (attackers.equals("-")) {
            return;
        }
        for (String attacker : attackers.split(",", -1)) {
            FunctionInvoker function = prepare(attacker, concurrency);
            for (int i = 0; i < Math.min(concurrency, 8) + ATTACKER_QUEUE; i++) {
                threads.add(Thread.ofVirtual().start(() -> {
                    while (!stopped) {
                        BlockingInvocation.call(function);
                        // No client comes back sooner. Without this the callers, not the guests, take the processors.
                        LockSupport.parkNanos(ROUND_TRIP_NANOS);
                    }
                }));
            }
        }
    }

    private FunctionInvoker prepare(String module, int concurrency) throws FunctionRejectedException {
        FunctionLimits limits = new FunctionLimits(
                Duration.ofMillis(module.equals("ok") ? 10_000 : 50),
                10_000_000_000L,
                16 << 20,
                5 << 20,
                1 << 20,
                concurrency,
                ATTACKER_QUEUE);
        Path file = Path.of("runtime/src/test/modules", module + ".wasm");
        return runtime.prepare(new FunctionDefinition(module, file, limits, Map.of(), InstancePolicy.defaults()))
                .invoker();
    }

    /** Ends it. */
    @TearDown(Level.Trial)
    public void close() throws InterruptedException {
        stopped = true;
        for (Thread thread : threads) {
            thread.join();
        }
        runtime.close();
    }

    /** From the call to its end. */
    @Benchmark
    public void healthy() {
        BlockingInvocation.call(healthy);
    }
}
