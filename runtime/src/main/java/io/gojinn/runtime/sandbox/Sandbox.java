package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.host.ExecutionState;
import io.gojinn.runtime.host.GuestMemory;
import io.gojinn.runtime.host.GuestUnwind;
import io.gojinn.runtime.host.HostCatalog;
import io.gojinn.runtime.host.HostFunction;
import io.gojinn.runtime.host.LogFunctions;
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

    /** The trap's name in the specification's test suite, and the engine's message for it. */
    private static final String STACK_EXHAUSTED = "call stack exhausted";

    private final Context context;
    private final ExecutionState state;
    private final GuestMemory memory;
    private final WasiPreview1 wasi;
    private final Value exports;

    // Null until an image is bound; only instances that are used again have one.
    private @Nullable RestorableMemory restorable;

    /** Instantiates a module whose imports have been checked. */
    Sandbox(SandboxEngine engine, LinkedModule module, ExecutionState state) {
        this.state = state;
        this.context = engine.newContext();
        this.memory = new GuestMemory(this::memoryBuffer);
        this.wasi = new WasiPreview1(memory, state);
        try {
            this.exports = context.eval(module.source())
                    .newInstance(ProxyObject.fromMap(imports(module)))
                    .getMember("exports");
            webAssembly("mem_set_grow_callback").executeVoid(exports.getMember("memory"), (ProxyExecutable) moved -> {
                memory.moved();
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
        return modules;
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
        return exports.getMember(name);
    }

    /**
     * Runs an exported function of type {@code () -> ()}.
     *
     * @param invocation null while the module initialises
     * @param deadlineNanos when host functions that wait give up, by {@link System#nanoTime}
     */
    RunEnd run(Value function, @Nullable Invocation invocation, long deadlineNanos) {
        state.begin(invocation, deadlineNanos);
        try {
            context.enter();
            try {
                function.executeVoid();
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

    private RunEnd end(PolyglotException e) {
        if (e.isHostException()) {
            return switch (e.asHostException()) {
                case GuestUnwind.Exit exit when exit.code() == 0 -> RunEnd.OK;
                case GuestUnwind.Exit exit -> new RunEnd(FunctionFailure.EXIT, detail(exit), true);
                case GuestUnwind.OutputLimit limit -> new RunEnd(FunctionFailure.OUTPUT_LIMIT, detail(limit), true);
                case GuestUnwind.Deadline deadline -> new RunEnd(FunctionFailure.DEADLINE, detail(deadline), false);
                case Throwable defect -> new RunEnd(FunctionFailure.INTERNAL, "host function: " + defect, false);
            };
        }
        if (e.isCancelled() || e.isInterrupted()) {
            return new RunEnd(FunctionFailure.DEADLINE, "stopped at the deadline", false);
        }
        if (e.isResourceExhausted() || STACK_EXHAUSTED.equals(e.getMessage())) {
            return new RunEnd(FunctionFailure.STACK, detail(e), false);
        }
        if (e.isInternalError()) {
            return new RunEnd(FunctionFailure.INTERNAL, detail(e), false);
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
        state.stop();
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
        }
    }
}
