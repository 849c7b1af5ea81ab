package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRejectedException;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.host.SliceTraining;
import io.gojinn.runtime.module.AdaptOptions;
import io.gojinn.runtime.module.InvalidModuleException;
import io.gojinn.runtime.module.ModuleAdapter;
import io.gojinn.runtime.module.Prices;
import io.gojinn.runtime.module.Shape;
import io.gojinn.runtime.module.WasmModule;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.graalvm.polyglot.io.ByteSequence;
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
 * One request in a pooled instance that is restored after it, and in a fresh context that is closed after it.
 *
 * <p>The last two are one Go program, as a command that boots its runtime in each request and as a reactor that did it once.
 *
 * <p>{@code jmh-benchmarks/run InstanceBenchmark}; {@code -jvmArgsAppend -Dgojinn.restore=copy} restores by copying alone.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 20, time = 3) // the compiler itself starts cold
@Measurement(iterations = 5, time = 2)
public class InstanceBenchmark {
    private static final FunctionLimits LIMITS = FunctionLimits.defaults();
    private static final long RUN_NANOS = 10_000_000_000L;

    /** Folder, name and initial memory in 64 KiB pages; 0 pages for the module's own. */
    @Param({
        "config-examples/functions/greet:2",
        "config-examples/functions/greet:16",
        "runtime/src/test/modules/dirty:16",
        "runtime/src/test/modules/dirty:1024",
        "config-examples/functions/counter:0",
        "config-examples/functions/hello:0",
        "jmh-benchmarks/modules/hello-reactor:0"
    })
    public String module = "";

    private final BenchmarkInvocation invocation = new BenchmarkInvocation();

    @SuppressWarnings("NullAway.Init")
    private SandboxEngine engine;

    @SuppressWarnings("NullAway.Init")
    private FunctionDefinition definition;

    @SuppressWarnings("NullAway.Init")
    private SandboxTemplate template;

    @SuppressWarnings("NullAway.Init")
    private Sandbox pooled;

    @SuppressWarnings("NullAway.Init")
    private LinkedModule uncaptured;

    @SuppressWarnings("NullAway.Init")
    private Shape shape;

    /** Prepares the module both ways. */
    @Setup(Level.Trial)
    public void prepare() throws FunctionRejectedException, InvalidModuleException {
        int colon = module.indexOf(':');
        Path file = Path.of(module.substring(0, colon) + ".wasm");
        byte[] binary = BenchmarkModule.read(file, Integer.parseInt(module.substring(colon + 1)));
        engine = SandboxEngine.create();
        require(engine.compiles());
        definition = new FunctionDefinition("f", file, LIMITS, Map.of(), InstancePolicy.defaults());
        WasmModule parsed = WasmModule.parse(binary);
        template = SandboxTemplate.prepare(engine, definition, parsed);
        pooled = template.open(definition);
        shape = parsed.shape();
        uncaptured = new LinkedModule(
                SandboxEngine.source(
                        ByteSequence.create(ModuleAdapter.adapt(
                                        parsed,
                                        new AdaptOptions(LIMITS.memoryPages(), 100_000, Optional.of(Prices.VERSION_1)))
                                .binary()),
                        "f"),
                new SliceTraining(),
                ImportCheck.of(parsed.imports()).functions());
    }

    /** Gives all back. */
    @TearDown(Level.Trial)
    public void close() {
        pooled.close();
        template.close();
        engine.close();
    }

    private RunTerms terms() {
        return new RunTerms(invocation, System.nanoTime() + RUN_NANOS, () -> false);
    }

    private static void require(boolean isRight) {
        if (!isRight) {
            throw new IllegalStateException("this is not what is to be measured");
        }
    }

    /** Restored after each request; one that has grown is replaced, as the pool does. */
    @Benchmark
    public void restored() {
        require(template.serve(pooled, terms(), LIMITS.fuel()).run().failure() == null);
        if (!template.restore(pooled)) {
            pooled.close();
            pooled = template.open(definition);
        }
    }

    /** A new context each time, without a capture: for a reactor its initialization is part of the request. */
    @Benchmark
    public void fresh() {
        try (Sandbox sandbox = new Sandbox(engine, uncaptured, definition)) {
            if (shape == Shape.REACTOR) {
                require(sandbox.run(sandbox.export("_initialize"), terms(), LIMITS.fuel())
                                .failure()
                        == null);
            }
            require(sandbox.run(sandbox.export(shape.entry()), terms(), LIMITS.fuel())
                            .failure()
                    == null);
        }
    }
}
