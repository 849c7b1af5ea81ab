package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRejectedException;
import io.gojinn.runtime.FunctionRuntime;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.host.ExecutionState;
import io.gojinn.runtime.host.Fuel;
import io.gojinn.runtime.host.GuestMemory;
import io.gojinn.runtime.host.SliceTraining;
import io.gojinn.runtime.module.AdaptOptions;
import io.gojinn.runtime.module.InvalidModuleException;
import io.gojinn.runtime.module.ModuleAdapter;
import io.gojinn.runtime.module.Prices;
import io.gojinn.runtime.module.WasmModule;
import io.gojinn.runtime.wasi.WasiPreview1;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.io.ByteSequence;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.graalvm.polyglot.proxy.ProxyObject;
import org.jspecify.annotations.Nullable;

/**
 * What counting fuel and depth costs: kernels as they are and metered, in turns in one process, by the processor time of the
 * thread. Each kernel runs in several processes, for the compiler does not decide the same way each time.
 *
 * <p>Run by {@code jmh-benchmarks/run -main} with this class's name, then {@code [processes [seconds of warm-up]]}.
 */
public final class MeteringCost {
    /** A kernel and how many iterations take some milliseconds. */
    private static final String[] KERNELS = {
        "runtime/src/test/modules/kernel-hash.wasm=1000",
        "runtime/src/test/modules/kernel-nbody.wasm=20000",
        "runtime/src/test/modules/kernel-sieve.wasm=2",
        "runtime/src/test/modules/kernel-fib.wasm=100",
        "runtime/src/test/modules/kernel-match.wasm=10",
        "runtime/src/test/modules/kernel-matrix.wasm=20",
        "jmh-benchmarks/modules/words.wasm=200"
    };

    private static final int ROUNDS = 61;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private MeteringCost() {}

    /** Measures one kernel when told which, or all of them in processes of their own. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 0 && arguments[0].contains("=")) {
            System.out.println(measure(arguments[0], Long.parseLong(arguments[1])));
            return;
        }
        int processes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 3;
        String warmUpSeconds = arguments.length > 1 ? arguments[1] : "20";
        double logarithms = 0;
        System.out.printf("%-14s %s%n", "kernel", "metered over plain: median of the processes, and each");
        for (String kernel : KERNELS) {
            double[] ratios = new double[processes];
            for (int i = 0; i < processes; i++) {
                ratios[i] = Double.parseDouble(fork(kernel, warmUpSeconds));
            }
            String each = Arrays.toString(ratios);
            Arrays.sort(ratios);
            double median = (ratios[(processes - 1) / 2] + ratios[processes / 2]) / 2;
            logarithms += Math.log(median);
            System.out.printf("%-14s %.3f %s%n", name(kernel), median, each);
        }
        System.out.printf("%-14s %.3f%n", "geometric mean", Math.exp(logarithms / KERNELS.length));
    }

    private static String name(String kernel) {
        return Path.of(kernel.substring(0, kernel.indexOf('=')))
                .getFileName()
                .toString()
                .replace(".wasm", "");
    }

    private static String fork(String kernel, String warmUpSeconds) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), MeteringCost.class.getName()));
        command.addAll(List.of(kernel, warmUpSeconds));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader lines = process.inputReader()) {
            String last = "";
            String line;
            while ((line = lines.readLine()) != null) {
                last = line;
            }
            if (process.waitFor() != 0) {
                throw new IllegalStateException(kernel + " failed");
            }
            return last;
        }
    }

    /** The medians' ratio. */
    private static double measure(String kernel, long warmUpSeconds)
            throws FunctionRejectedException, InvalidModuleException {
        int equals = kernel.indexOf('=');
        byte[] binary = FunctionRuntime.read(Path.of(kernel.substring(0, equals)));
        byte[] input = kernel.substring(equals + 1).getBytes(StandardCharsets.UTF_8);
        try (SandboxEngine engine = SandboxEngine.create()) {
            if (!engine.compiles()) {
                throw new IllegalStateException("the engine interprets");
            }
            Subject plain = new PlainSubject(engine, binary, input);
            Subject metered = new MeteredSubject(engine, binary, input);
            long end = System.nanoTime() + Duration.ofSeconds(warmUpSeconds).toNanos();
            while (System.nanoTime() - end < 0) {
                plain.time();
                metered.time();
            }
            if (!plain.output().equals(metered.output())) {
                throw new IllegalStateException(plain.output() + " against " + metered.output());
            }
            double[] plainTimes = new double[ROUNDS];
            double[] meteredTimes = new double[ROUNDS];
            for (int i = 0; i < ROUNDS; i++) {
                plainTimes[i] = plain.time();
                meteredTimes[i] = metered.time();
            }
            Arrays.sort(plainTimes);
            Arrays.sort(meteredTimes);
            return meteredTimes[ROUNDS / 2] / plainTimes[ROUNDS / 2];
        }
    }

    /** A command that is run again and again in the same instance, its memory put back before each run. */
    private abstract static class Subject {
        private final Input invocation;
        private byte @Nullable [] image;

        Subject(byte[] input) {
            invocation = new Input(input);
        }

        /** The processor time of one run. */
        long time() {
            restore();
            invocation.output.clear();
            long start = THREADS.getCurrentThreadCpuTime();
            run(new RunTerms(
                    invocation, System.nanoTime() + Duration.ofMinutes(1).toNanos(), () -> false));
            return THREADS.getCurrentThreadCpuTime() - start;
        }

        private void restore() {
            MemorySegment memory = MemorySegment.ofBuffer(memory().bytes());
            byte[] first = image;
            if (first == null) {
                first = memory.toArray(ValueLayout.JAVA_BYTE);
                image = first;
            }
            MemorySegment.copy(first, 0, memory, ValueLayout.JAVA_BYTE, 0, first.length);
            memory.asSlice(first.length).fill((byte) 0);
        }

        abstract GuestMemory memory();

        String output() {
            return StandardCharsets.UTF_8.decode(invocation.output()).toString();
        }

        abstract void run(RunTerms terms);
    }

    private static final class MeteredSubject extends Subject {
        private final Sandbox sandbox;
        private final Value start;

        MeteredSubject(SandboxEngine engine, byte[] binary, byte[] input) throws InvalidModuleException {
            super(input);
            WasmModule module = WasmModule.parse(binary);
            AdaptOptions options = new AdaptOptions(1_024, 100_000, Optional.of(Prices.VERSION_1));
            LinkedModule linked = new LinkedModule(
                    SandboxEngine.source(
                            ByteSequence.create(
                                    ModuleAdapter.adapt(module, options).binary()),
                            "metered"),
                    new SliceTraining(),
                    ImportCheck.of(module.imports()).functions());
            FunctionDefinition definition = new FunctionDefinition(
                    "f", Path.of("f"), FunctionLimits.defaults(), Map.of(), InstancePolicy.defaults());
            sandbox = new Sandbox(engine, linked, definition);
            start = sandbox.export("_start");
        }

        @Override
        GuestMemory memory() {
            return new GuestMemory(() -> sandbox.memorySegment().asByteBuffer());
        }

        @Override
        void run(RunTerms terms) {
            RunEnd end = sandbox.run(start, terms, Long.MAX_VALUE);
            if (end.failure() != null) {
                throw new IllegalStateException(end.toString());
            }
        }
    }

    private static final class PlainSubject extends Subject {
        private final Context context;
        private final GuestMemory guestMemory;
        private final Fuel fuel;
        private final ExecutionState state;
        private final Value start;

        PlainSubject(SandboxEngine engine, byte[] binary, byte[] input) throws InvalidModuleException {
            super(input);
            context = engine.newContext();
            Value[] memory = new Value[1];
            guestMemory = new GuestMemory(() -> context.getPolyglotBindings()
                    .getMember("WebAssembly")
                    .getMember("mem_as_byte_buffer")
                    .execute(memory[0])
                    .as(ByteBuffer.class));
            fuel = new Fuel(new SliceTraining(), new NoCounter());
            state = new ExecutionState(
                    fuel, "f", Map.of(), FunctionLimits.defaults().maxOutputBytes());
            WasiPreview1 wasi = new WasiPreview1(guestMemory, state);
            Map<String, Object> modules = new HashMap<>();
            ImportCheck.of(WasmModule.parse(binary).imports()).functions().forEach((name, functions) -> {
                Map<String, Object> members = new HashMap<>();
                functions.forEach((member, signature) ->
                        members.put(member, new ImportBinding(wasi.function(member), signature.result())));
                modules.put(name, ProxyObject.fromMap(members));
            });
            Value exports = context.eval(SandboxEngine.source(ByteSequence.create(binary), "plain"))
                    .newInstance(ProxyObject.fromMap(modules))
                    .getMember("exports");
            memory[0] = exports.getMember("memory");
            // Memory that grows moves.
            context.getPolyglotBindings()
                    .getMember("WebAssembly")
                    .getMember("mem_set_grow_callback")
                    .executeVoid(memory[0], (ProxyExecutable) moved -> {
                        guestMemory.moved();
                        return null;
                    });
            start = exports.getMember("_start");
        }

        @Override
        GuestMemory memory() {
            return guestMemory;
        }

        @Override
        void run(RunTerms terms) {
            state.begin(terms.invocation(), terms.deadlineNanos(), terms.supervisor());
            fuel.begin(Long.MAX_VALUE / 2);
            context.enter();
            try {
                start.executeVoid();
            } catch (PolyglotException e) {
                if (!e.isHostException()) {
                    throw e;
                }
            } finally {
                context.leave();
                state.end();
            }
        }
    }

    /** Of code that does not count. */
    private static final class NoCounter implements Fuel.Counter {
        @Override
        public int left() {
            return 0;
        }

        @Override
        public void take(int amount) {}
    }

    private static final class Input implements Invocation {
        private final ByteBuffer input;
        private final ByteBuffer output = ByteBuffer.allocateDirect(4_096);

        Input(byte[] bytes) {
            input = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        }

        @Override
        public ByteBuffer input() {
            return input.duplicate();
        }

        @Override
        public void write(ByteBuffer source) {
            output.put(source);
        }

        @Override
        public ByteBuffer output() {
            return output.duplicate().flip();
        }

        @Override
        public void log(LogLevel level, String line) {}

        @Override
        public void completed(Outcome outcome) {}
    }
}
