package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.module.EmptyFunctions;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Engine;
import org.graalvm.polyglot.PolyglotAccess;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.io.ByteSequence;

/** The engine that all instances share, and with it their compiled code. Thread-safe. */
public final class SandboxEngine implements AutoCloseable {
    static final String WASM = "wasm";

    private static final String INTERPRETER = "Interpreted";

    /** An eighth of the heap makes the functions that were used last quick to start. */
    private static final int HEAP_SHARE_OF_IDLE_CODE = 8;

    /** The engine's threshold while it has nothing else to compile is 40. */
    private static final int CALLS_UNTIL_COMPILED = 100;

    private final Engine engine;
    private final RestorePolicy restorePolicy;
    private final ByteSequence empty = ByteSequence.create(EmptyFunctions.binary());
    private final IdleTemplates idleTemplates =
            new IdleTemplates(Runtime.getRuntime().maxMemory() / HEAP_SHARE_OF_IDLE_CODE);

    private SandboxEngine(Engine engine, RestorePolicy restorePolicy) {
        this.engine = engine;
        this.restorePolicy = restorePolicy;
        callEmptyFunctions();
    }

    /**
     * So that the engine holds on to no template that is closed or rests, see {@link EmptyFunctions}; and so often that they are
     * compiled. The engine starts a thread for each function that is to be compiled until it has as many as it wants, and a
     * thread has the priority of the one that starts it: one that is started for a long execution would come last for good.
     */
    private void callEmptyFunctions() {
        try (Context context = newContext()) {
            Value functions = context.eval(source(empty, "empty")).newInstance().getMember("exports");
            for (int call = 0; call < CALLS_UNTIL_COMPILED; call++) {
                for (int i = 0; i < EmptyFunctions.OF_EACH_TYPE; i++) {
                    functions.getMember(EmptyFunctions.ACTION + i).executeVoid();
                    functions.getMember(EmptyFunctions.GETTER + i).executeVoid();
                    functions.getMember(EmptyFunctions.SETTER + i).executeVoid(0L);
                }
            }
        }
    }

    /**
     * Lets go of the code and binaries of templates that have been collected; the engine does so by itself only when it is
     * given a source: of the binaries when the source is made, of the code when it is evaluated.
     */
    public void forgetCollected() {
        try (Context context = newContext()) {
            context.eval(source(empty, "empty"));
        }
    }

    /** Creates the engine; takes a few hundred milliseconds. */
    public static SandboxEngine create() {
        return create(RestorePolicy.detect());
    }

    /** Creates an engine that restores memory in a certain way. */
    static SandboxEngine create(RestorePolicy restorePolicy) {
        CompilerDirectives.add();
        Engine engine = builder().build();
        if (interprets(engine)) {
            return new SandboxEngine(engine, restorePolicy);
        }
        // The options of the compiler are unknown where there is none.
        engine.close();
        return new SandboxEngine(compiling().build(), restorePolicy);
    }

    /** Creates an engine that compiles nothing, to hold against one that does. */
    static SandboxEngine interpreting() {
        return new SandboxEngine(
                compiling().option("engine.Compilation", "false").build(), RestorePolicy.detect());
    }

    private static Engine.Builder compiling() {
        return builder()
                // Its threads stay: those that it started later would have the priority of whoever asked.
                .option("engine.CompilerIdleDelay", "0")
                // Twice, its default, makes recursive functions up to twice as slow.
                .option("compiler.InliningRecursionDepth", "3");
    }

    private static Engine.Builder builder() {
        return Engine.newBuilder(WASM)
                .allowExperimentalOptions(true)
                // Whether the engine compiles is reported by FunctionRuntime, in the product's own words.
                .option("engine.WarnInterpreterOnly", "false");
    }

    /** The implementation's name, such as {@code GraalVM CE}. */
    public String name() {
        return engine.getImplementationName();
    }

    /** Whether hot functions are compiled; false means every instruction is interpreted, a hundred times slower. */
    public boolean compiles() {
        return !interprets(engine);
    }

    private static boolean interprets(Engine engine) {
        return engine.getImplementationName().equals(INTERPRETER);
    }

    /** The templates that have no instance. */
    IdleTemplates idleTemplates() {
        return idleTemplates;
    }

    /** How the memory of instances is restored. */
    RestorePolicy restorePolicy() {
        return restorePolicy;
    }

    /** Whether large memories are restored by the kernel; false means that all are copied. */
    public boolean restoresByKernel() {
        return restorePolicy.usesKernel();
    }

    /** How many instances have the image of their memory mapped. */
    public int mappedInstances() {
        return restorePolicy.mappings();
    }

    /** A context for one instance: no files, no threads, no host classes, no other language. */
    Context newContext() {
        return Context.newBuilder(WASM)
                .engine(engine)
                .allowExperimentalOptions(true)
                // Together these give a direct buffer over linear memory, and with it transfers of one copy.
                .option("wasm.UseUnsafeMemory", "true")
                .option("wasm.DirectByteBufferMemoryAccess", "true")
                .allowPolyglotAccess(
                        PolyglotAccess.newBuilder().allowBindingsAccess(WASM).build())
                .build();
    }

    /** One object a binary: the engine shares code by it, and forgets the code with it. */
    static Source source(ByteSequence binary, String name) {
        return Source.newBuilder(WASM, binary, name).buildLiteral();
    }

    @Override
    public void close() {
        engine.close(true);
    }
}
