package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRejectedException;
import io.gojinn.runtime.host.Signature;
import io.gojinn.runtime.host.SliceTraining;
import io.gojinn.runtime.module.AdaptOptions;
import io.gojinn.runtime.module.AdaptedModule;
import io.gojinn.runtime.module.CapturedGlobal;
import io.gojinn.runtime.module.InvalidModuleException;
import io.gojinn.runtime.module.ModuleAdapter;
import io.gojinn.runtime.module.Prices;
import io.gojinn.runtime.module.Shape;
import io.gojinn.runtime.module.WasmModule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.io.ByteSequence;
import org.jspecify.annotations.Nullable;

/**
 * A module prepared for serving: checked, adapted to its limits, instantiated once, and captured in the state that every
 * request starts from. Thread-safe.
 *
 * <p>Most modules are captured: memory and globals as they are after instantiation, the start function and
 * {@code _initialize}. A module whose code can change tables, drop segments or hold references in globals has state that
 * no capture holds; its instances are used once, and it initialises in each of them.
 */
public final class SandboxTemplate implements AutoCloseable {
    /** The longest that a module may take to initialise, once, when it is prepared. */
    public static final Duration INITIALIZE_TIMEOUT = Duration.ofSeconds(10);

    /** The most fuel it may take. */
    private static final long INITIALIZE_FUEL = Long.MAX_VALUE;

    /** The most elements of a module's tables: they are objects of the host, outside the memory limit. */
    private static final int MAX_TABLE_ELEMENTS = 100_000;

    private static final String INITIALIZE = "_initialize";

    private final SandboxEngine engine;
    private final Shape shape;
    private final String name;
    private final RestingBytes binary;
    private final SliceTraining training = new SliceTraining();
    private final Map<String, Map<String, Signature>> imports;
    private final @Nullable MemoryImage image;
    private final List<String> initializers;
    private final int maxMemoryBytes;

    // Null while the template rests: with the source the engine forgets the code.
    private volatile @Nullable LinkedModule module;

    // Guarded by this.
    private int instances;
    private boolean closed;

    private SandboxTemplate(
            SandboxEngine engine,
            Shape shape,
            String name,
            byte[] binary,
            Map<String, Map<String, Signature>> imports,
            @Nullable MemoryImage image,
            List<String> initializers,
            int maxMemoryBytes) {
        this.engine = engine;
        this.shape = shape;
        this.name = name;
        this.binary = new RestingBytes(binary);
        this.imports = imports;
        this.image = image;
        this.initializers = initializers;
        this.maxMemoryBytes = maxMemoryBytes;
    }

    /**
     * Prepares a module.
     *
     * @param parsed the definition's module
     * @throws FunctionRejectedException when it is not acceptable
     */
    public static SandboxTemplate prepare(SandboxEngine engine, FunctionDefinition definition, WasmModule parsed)
            throws FunctionRejectedException {
        try {
            return capture(engine, definition, parsed);
        } catch (InvalidModuleException | InitializationException e) {
            throw rejection(definition, String.valueOf(e.getMessage()));
        } catch (PolyglotException e) {
            throw rejection(definition, "the engine refuses it: " + e.getMessage());
        }
    }

    private static SandboxTemplate capture(SandboxEngine engine, FunctionDefinition definition, WasmModule parsed)
            throws FunctionRejectedException, InvalidModuleException, InitializationException {
        Shape shape = parsed.shape();
        ImportCheck imports = ImportCheck.of(parsed.imports());
        if (!imports.problems().isEmpty()) {
            throw new FunctionRejectedException(definition.module().toString(), imports.problems());
        }
        String name = definition.name();
        FunctionLimits limits = definition.limits();
        AdaptedModule adapted = ModuleAdapter.adapt(
                parsed, new AdaptOptions(limits.memoryPages(), MAX_TABLE_ELEMENTS, Optional.of(Prices.VERSION_1)));
        List<String> initializers = new ArrayList<>();
        if (adapted.hasStart()) {
            initializers.add(AdaptedModule.START);
        }
        if (shape == Shape.REACTOR && parsed.exportsInitialize()) {
            initializers.add(INITIALIZE);
        }
        int maxMemoryBytes = Math.toIntExact((long) limits.memoryPages() * FunctionLimits.PAGE_BYTES);
        Source source = SandboxEngine.source(ByteSequence.create(adapted.binary()), name);
        LinkedModule pristine = new LinkedModule(source, new SliceTraining(), imports.functions());
        SandboxTemplate template;
        try (Sandbox sandbox = new Sandbox(engine, pristine, definition)) {
            initialize(sandbox, initializers);
            byte[] binary = adapted.binary();
            MemoryImage image = null;
            if (isCapturable(parsed)) {
                List<Long> globals = new ArrayList<>();
                for (CapturedGlobal global : adapted.captured()) {
                    globals.add(sandbox.export(global.getter()).execute().asLong());
                }
                binary = adapted.withRestore(globals, sandbox.memoryBytes() / FunctionLimits.PAGE_BYTES);
                image = new MemoryImage(sandbox.memorySegment(), engine.restorePolicy());
                initializers.clear();
            }
            template = new SandboxTemplate(
                    engine, shape, name, binary, imports.functions(), image, List.copyOf(initializers), maxMemoryBytes);
        }
        template.settle();
        return template;
    }

    /** Lets the engine have the code before the first request, where there is room for it; rests else. */
    private void settle() {
        if (!engine.idleTemplates().hasRoom(this)) {
            rest();
            return;
        }
        try (Context context = engine.newContext()) {
            context.eval(linked().source());
        }
        engine.idleTemplates().add(this);
    }

    private LinkedModule linked() {
        LinkedModule linked = module;
        return linked != null ? linked : link();
    }

    private synchronized LinkedModule link() {
        LinkedModule linked = module;
        if (linked == null) {
            linked = new LinkedModule(SandboxEngine.source(binary, name), training, imports);
            module = linked;
        }
        return linked;
    }

    /** Gives up what can be had again from little: engine's code and memory image. Whoever uses them may go on. */
    void rest() {
        module = null;
        binary.rest();
        if (image != null) {
            image.rest();
        }
    }

    /** Whether the engine has to parse the binary for the next instance. */
    boolean rests() {
        return module == null;
    }

    /** How much of the heap the template takes while it does not rest, about: the code is some twice its binary. */
    long awakeBytes() {
        return 3L * binary.length() + (image == null ? 0 : image.heapBytes());
    }

    private static boolean isCapturable(WasmModule module) {
        return !module.codeFacts().mutatesTables()
                && !module.codeFacts().dropsData()
                && !module.hasMutableReferenceGlobals();
    }

    private static FunctionRejectedException rejection(FunctionDefinition definition, String reason) {
        return new FunctionRejectedException(definition.module().toString(), List.of(reason));
    }

    private static void initialize(Sandbox sandbox, List<String> initializers) throws InitializationException {
        RunTerms terms = new RunTerms(null, System.nanoTime() + INITIALIZE_TIMEOUT.toNanos(), () -> false);
        for (String initializer : initializers) {
            RunEnd end = onDeepStack(() -> sandbox.run(sandbox.export(initializer), terms, INITIALIZE_FUEL));
            if (end.failure() == FunctionFailure.DEADLINE) {
                throw new InitializationException(
                        initializer + " ran longer than " + INITIALIZE_TIMEOUT.toSeconds() + " s");
            }
            if (end.failure() != null) {
                throw new InitializationException(
                        initializer + " failed: " + end.failure().label() + ", " + end.detail());
            }
        }
    }

    /** Runs a guest where it may call as deep as on a worker, whatever the caller's stack bears. */
    private static RunEnd onDeepStack(Supplier<RunEnd> run) {
        FutureTask<RunEnd> task = new FutureTask<>(run::get);
        Thread.ofPlatform()
                .name("gojinn-initialize")
                .stackSize(Sandbox.STACK_BYTES)
                .daemon()
                .start(task);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException("defect while a module initialised", e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The module did not come to the end of its initialisation. */
    private static final class InitializationException extends Exception {
        InitializationException(String message) {
            super(message);
        }
    }

    /** Makes an instance in the state that requests start from. May throw what the engine throws when memory is short. */
    public Sandbox open(FunctionDefinition definition) {
        enter();
        Sandbox sandbox;
        try {
            sandbox = new Sandbox(engine, linked(), definition);
        } catch (RuntimeException | Error e) {
            leave();
            throw e;
        }
        sandbox.onClose(this::leave);
        try {
            if (image != null) {
                sandbox.bindMemory(image);
                sandbox.export(AdaptedModule.RESTORE).executeVoid();
            }
            return sandbox;
        } catch (RuntimeException | Error e) {
            sandbox.close();
            throw e;
        }
    }

    private synchronized void enter() {
        if (instances++ == 0) {
            engine.idleTemplates().remove(this);
        }
    }

    private synchronized void leave() {
        if (--instances == 0 && !closed) {
            engine.idleTemplates().add(this);
        }
    }

    /**
     * Runs one request in a pristine instance.
     *
     * @param budget the most fuel it may use, initialisation included where that is part of every request
     */
    public ServeEnd serve(Sandbox sandbox, RunTerms terms, long budget) {
        long used = 0;
        RunTerms unserved = new RunTerms(null, terms.deadlineNanos(), terms.supervisor());
        for (String initializer : initializers) {
            RunEnd end = sandbox.run(sandbox.export(initializer), unserved, budget - used);
            used += fuelUsed(sandbox, end);
            if (end.failure() != null) {
                return new ServeEnd(end, used);
            }
        }
        RunEnd end = sandbox.run(sandbox.export(shape.entry()), terms, budget - used);
        used += fuelUsed(sandbox, end);
        if (end.failure() == FunctionFailure.TRAP && isOutOfMemory(sandbox)) {
            end = new RunEnd(FunctionFailure.MEMORY, end.detail(), end.reusable());
        }
        return new ServeEnd(end, used);
    }

    /** An instance that was killed cannot be asked any more. */
    private static long fuelUsed(Sandbox sandbox, RunEnd end) {
        return end.reusable() ? sandbox.fuelUsed() : 0;
    }

    /**
     * How a request ended in an instance.
     *
     * @param fuel what it used; what is known of it after a stop by force
     */
    public record ServeEnd(RunEnd run, long fuel) {}

    /** A trap with less room left than allocators ask for at once is one for want of memory. */
    private boolean isOutOfMemory(Sandbox sandbox) {
        return maxMemoryBytes - sandbox.memoryBytes() < Math.max(FunctionLimits.PAGE_BYTES, maxMemoryBytes / 16)
                && image != null
                && sandbox.memoryBytes() > image.memoryBytes();
    }

    /**
     * Puts a used instance back into the state that requests start from.
     *
     * @return false when that cannot be; the instance has to be closed
     */
    public boolean restore(Sandbox sandbox) {
        // Linear memory never shrinks: an instance that grew can never be pristine again.
        if (image == null || image.isClosed() || sandbox.memoryBytes() != image.memoryBytes()) {
            return false;
        }
        sandbox.restoreMemory();
        sandbox.export(AdaptedModule.RESTORE).executeVoid();
        sandbox.resetHostState();
        return true;
    }

    /** Frees the captured memory: no instance can be opened or restored any more, those that run go on. Idempotent. */
    @Override
    public synchronized void close() {
        closed = true;
        engine.idleTemplates().remove(this);
        if (image != null) {
            image.close();
        }
    }
}
