package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.host.ExecutionState;
import io.gojinn.runtime.host.Fuel;
import io.gojinn.runtime.host.GuestMemory;
import io.gojinn.runtime.host.GuestUnwind;
import io.gojinn.runtime.host.HostCatalog;
import io.gojinn.runtime.host.HostFunction;
import io.gojinn.runtime.host.LogFunctions;
import io.gojinn.runtime.module.Metering;
import io.gojinn.runtime.wasi.WasiPreview1;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.graalvm.polyglot.proxy.ProxyObject;
import org.jspecify.annotations.Nullable;

/**
 * One instance of a module in a context of its own, with the host functions bound to it.
 *
 * <p>Used by one thread at a time, the worker that holds its lease; only {@link #kill} may be called by others.
 */
public final class Sandbox implements AutoCloseable {
    private static final int MAX_DETAIL_CHARS = 500;

    /** The stack slots of a run: at most 8,192 frames, whatever is compiled; {@link #STACK_BYTES} bears that many. */
    static final int CALL_DEPTH = 8_192 * Metering.FRAME_SLOTS;

    /**
     * What the stack of a thread that runs guests has to measure. Only what is used of it takes memory.
     *
     * <p>Measured over shapes of recursion of many kinds. Dearest are the smallest frames, 7,710 deep, in a virtual machine that has
     * just started, while the engine's own interpreter is not compiled for good: direct, indirect and deeply nested calls
     * overflow 24 MiB and fit in 32, so they take 3.3 to 4.3 KiB a frame. Once the interpreter is warm they fit in 8 MiB,
     * compiled in 2. Large frames cost less: their slots are in the heap until they are compiled.
     */
    public static final long STACK_BYTES = 48 << 20;

    /** The trap's name in the specification's test suite, and the engine's message for it. */
    private static final String STACK_EXHAUSTED = "call stack exhausted";

    private static final long UNKNOWN = -1;

    private final Context context;
    private final ExecutionState state;
    private final GuestMemory memory;
    private final Fuel fuel;
    private final WasiPreview1 wasi;
    private final Value exports;

    /** Exports looked up so far: finding one costs more than calling it. */
    private final Map<String, Value> functions = new HashMap<>();

    private final Value getCounter;
    private final Value setCounter;

    // Null until an image is bound; only instances that are used again have one.
    private @Nullable RestorableMemory restorable;

    private Runnable closed = () -> {};

    // By the last run, if that came to its end.
    private long used = UNKNOWN;

    /** Instantiates a module whose imports have been checked. */
    Sandbox(SandboxEngine engine, LinkedModule module, FunctionDefinition definition) {
        this.context = engine.newContext();
        this.memory = new GuestMemory(this::memoryBuffer);
        this.fuel = new Fuel(module.training(), new GuestCounter());
        this.state = new ExecutionState(
                fuel,
                definition.name(),
                definition.environment(),
                definition.limits().maxOutputBytes());
        this.wasi = new WasiPreview1(memory, state);
        try {
            this.exports = context.eval(module.source())
                    .newInstance(ProxyObject.fromMap(imports(module)))
                    .getMember("exports");
            this.getCounter = exports.getMember(Metering.GET);
            this.setCounter = exports.getMember(Metering.SET);
            webAssembly("mem_set_grow_callback").executeVoid(exports.getMember("memory"), (ProxyExecutable) moved -> {
                memory.moved();
                if (restorable != null) {
                    restorable.grown(memorySegment());
                }
                return null;
            });
        } catch (RuntimeException | Error e) {
            context.close(true);
            throw e;
        }
    }

    private Map<String, Object> imports(LinkedModule module) {
        LogFunctions log = new LogFunctions(memory, state);
        Map<String, Object> modules = new HashMap<>();
        module.imports().forEach((moduleName, functions) -> {
            Map<String, Object> members = new HashMap<>();
            functions.forEach((name, signature) -> {
                HostFunction function = moduleName.equals(HostCatalog.WASI) ? wasi.function(name) : log::write;
                members.put(name, new ImportBinding(function, signature.result()));
            });
            modules.put(moduleName, ProxyObject.fromMap(members));
        });
        ProxyExecutable refuel = left -> {
            int grant = fuel.refuel(left[0].asInt());
            state.checkDeadline();
            fuel.sliceBegins();
            return grant;
        };
        modules.put(Metering.IMPORT_MODULE, ProxyObject.fromMap(Map.of(Metering.REFUEL, refuel)));
        return modules;
    }

    /** The counter inside the guest's code. */
    private final class GuestCounter implements Fuel.Counter {
        @Override
        public int left() {
            return Metering.fuel(getCounter.execute().asLong());
        }

        @Override
        public void take(int amount) {
            setCounter.executeVoid(getCounter.execute().asLong() - amount);
        }
    }

    private ByteBuffer memoryBuffer() {
        return webAssembly("mem_as_byte_buffer")
                .execute(exports.getMember("memory"))
                .as(ByteBuffer.class);
    }

    private Value webAssembly(String member) {
        return context.getPolyglotBindings().getMember("WebAssembly").getMember(member);
    }

    /** The linear memory where it lies now. */
    MemorySegment memorySegment() {
        return MemorySegment.ofBuffer(memory.bytes());
    }

    /** Makes linear memory equal to an image, of the same size, now and at every {@link #restoreMemory}. */
    void bindMemory(MemoryImage image) {
        restorable = new RestorableMemory(image, memorySegment());
    }

    /** What to run once when the instance is closed. */
    void onClose(Runnable action) {
        closed = action;
    }

    /** Makes linear memory equal to the bound image again. It must not have grown. */
    void restoreMemory() {
        Objects.requireNonNull(restorable).restore();
    }

    /** The size of linear memory in bytes. */
    public int memoryBytes() {
        return memory.size();
    }

    /** An exported function. */
    Value export(String name) {
        return functions.computeIfAbsent(name, exports::getMember);
    }

    /**
     * Runs an exported function of type {@code () -> ()}.
     *
     * @param terms which request it serves and how long it may take
     * @param budget the most fuel it may use
     */
    RunEnd run(Value function, RunTerms terms, long budget) {
        state.begin(terms.invocation(), terms.deadlineNanos(), terms.supervisor());
        used = UNKNOWN;
        try {
            context.enter();
            try {
                setCounter.executeVoid(Metering.counter(fuel.begin(budget), CALL_DEPTH));
                function.executeVoid();
                // Here, for entering the context again would cost as much as asking.
                used = fuel.used();
            } finally {
                context.leave();
            }
            return RunEnd.OK;
        } catch (PolyglotException e) {
            return end(e);
        } finally {
            wasi.flush();
            state.end();
        }
    }

    /** The fuel that the last run used; see {@link Fuel#used}. Only while the instance has not been killed. */
    long fuelUsed() {
        return used == UNKNOWN ? fuel.used() : used;
    }

    private RunEnd end(PolyglotException e) {
        if (e.isHostException()) {
            return switch (e.asHostException()) {
                case GuestUnwind.Exit exit when exit.code() == 0 -> RunEnd.OK;
                case GuestUnwind.Exit exit -> new RunEnd(FunctionFailure.EXIT, detail(exit), true);
                case GuestUnwind.OutputLimit limit -> new RunEnd(FunctionFailure.OUTPUT_LIMIT, detail(limit), true);
                case GuestUnwind.OutOfFuel fuel -> new RunEnd(FunctionFailure.FUEL, detail(fuel), true);
                case GuestUnwind.Stopped stopped -> new RunEnd(FunctionFailure.DEADLINE, detail(stopped), true);
                case Throwable defect -> new RunEnd(FunctionFailure.INTERNAL, "host function: " + defect, false);
            };
        }
        if (e.isCancelled() || e.isInterrupted()) {
            return new RunEnd(FunctionFailure.DEADLINE, "stopped at the deadline", false);
        }
        if (e.isInternalError()) {
            return new RunEnd(FunctionFailure.INTERNAL, detail(e), false);
        }
        if (e.isResourceExhausted() || STACK_EXHAUSTED.equals(e.getMessage())) {
            return new RunEnd(FunctionFailure.STACK, detail(e), false);
        }
        if (Metering.depth(getCounter.execute().asLong()) < 0) {
            return new RunEnd(FunctionFailure.STACK, "more than " + CALL_DEPTH + " stack slots", true);
        }
        return new RunEnd(FunctionFailure.TRAP, detail(e), true);
    }

    private static String detail(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        return message.length() <= MAX_DETAIL_CHARS ? message : message.substring(0, MAX_DETAIL_CHARS) + "…";
    }

    /** Puts back the descriptors of WASI. */
    void resetHostState() {
        wasi.reset();
    }

    /**
     * Ends whatever runs inside, from another thread. Blocks until the worker has left, some milliseconds; the instance cannot
     * be used again.
     */
    public void kill() {
        context.close(true);
    }

    @Override
    public void close() {
        try {
            context.close(true);
        } finally {
            // Not before: until then a guest may run.
            if (restorable != null) {
                restorable.close();
            }
            closed.run();
            closed = () -> {};
        }
    }
}
