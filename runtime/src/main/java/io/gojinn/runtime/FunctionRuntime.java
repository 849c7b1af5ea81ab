package io.gojinn.runtime;

import io.gojinn.runtime.exec.FunctionExecutor;
import io.gojinn.runtime.host.HostCatalog;
import io.gojinn.runtime.host.HostCatalog.Capability;
import io.gojinn.runtime.module.ExternalType;
import io.gojinn.runtime.module.InvalidModuleException;
import io.gojinn.runtime.module.ModuleImport;
import io.gojinn.runtime.module.Proposal;
import io.gojinn.runtime.module.Shape;
import io.gojinn.runtime.module.WasmModule;
import io.gojinn.runtime.sandbox.ImportCheck;
import io.gojinn.runtime.sandbox.SandboxEngine;
import io.gojinn.runtime.sandbox.SandboxTemplate;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Gauge;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prepares functions and runs them: one engine, one set of workers, for the life of the process. Thread-safe.
 */
public final class FunctionRuntime implements AutoCloseable {
    /** The largest binary that is read. */
    public static final int MAX_MODULE_BYTES = 256 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(FunctionRuntime.class);

    /** What one template is prepared from: a module is prepared once, however many functions and routes use it. */
    private record TemplateKey(String sha256, int memoryPages, Map<String, String> environment) {}

    /** What makes two functions the same: all that was configured, and the content of the module, wherever it lies. */
    private record FunctionKey(
            String name,
            String sha256,
            FunctionLimits limits,
            Map<String, String> environment,
            InstancePolicy instances) {}

    /** A function with what it was made from. */
    private record Callable(FunctionInvoker invoker, ModuleReport module, Registry.Lease<SandboxTemplate> template) {}

    private final SandboxEngine engine;
    private final FunctionExecutor executor;
    private final Registry<TemplateKey, SandboxTemplate> templates = new Registry<>(SandboxTemplate::close);
    private final Registry<FunctionKey, Callable> functions;

    private FunctionRuntime(SandboxEngine engine, FunctionExecutor executor, CollectorRegistry metrics) {
        this.engine = engine;
        this.executor = executor;
        this.functions = new Registry<>(function -> executor.remove(function.invoker(), function.template()::close));
        gauge("gojinn_prepared_modules", "Modules ready to be instantiated", metrics, templates::size);
        Gauge.build("gojinn_engine_compiled", "1 when hot functions are compiled, 0 when all is interpreted")
                .register(metrics)
                .set(engine.compiles() ? 1 : 0);
        gauge(
                "gojinn_restore_by_kernel",
                "1 when large memories are restored by the kernel, 0 when all are copied",
                metrics,
                () -> engine.restoresByKernel() ? 1 : 0);
        gauge("gojinn_mapped_instances", "Instances whose captured memory is mapped", metrics, engine::mappedInstances);
    }

    private static void gauge(String name, String help, CollectorRegistry metrics, IntSupplier value) {
        Gauge.build(name, help)
                .create()
                .setChild(new Gauge.Child() {
                    @Override
                    public double get() {
                        return value.getAsInt();
                    }
                })
                .register(metrics);
    }

    /** Starts the engine and the workers. */
    public static FunctionRuntime start(RuntimeOptions options, CollectorRegistry metrics) {
        SandboxEngine engine = SandboxEngine.create();
        if (engine.compiles()) {
            LOG.atInfo().addKeyValue("engine", engine.name()).log("functions are compiled");
        } else {
            LOG.atWarn()
                    .addKeyValue("engine", engine.name())
                    .log("FUNCTIONS ARE INTERPRETED, a hundred times slower than compiled: "
                            + "start with the gojinn launcher, which sets the flags the compiler needs");
        }
        return new FunctionRuntime(engine, new FunctionExecutor(options, metrics, engine::forgetCollected), metrics);
    }

    /** The name of the engine's implementation. */
    public String engine() {
        return engine.name();
    }

    /** Whether hot functions are compiled. */
    public boolean compiles() {
        return engine.compiles();
    }

    /**
     * Prepares functions on every core.
     *
     * @return a future for each definition, in their order; all of them are done, those of functions that are refused with a
     *     {@link FunctionRejectedException}
     */
    public List<Future<PreparedFunction>> prepareAll(List<FunctionDefinition> definitions) {
        return prepareAll(definitions, Runtime.getRuntime().availableProcessors());
    }

    /** As {@link #prepareAll(List)}, on so many threads: on fewer than there are cores while others need those. */
    public List<Future<PreparedFunction>> prepareAll(List<FunctionDefinition> definitions, int atOnce) {
        ThreadFactory threads = Thread.ofPlatform().name("gojinn-prepare-", 0).factory();
        try (ExecutorService preparing = Executors.newFixedThreadPool(atOnce, threads)) {
            return definitions.stream()
                    .map(definition -> preparing.submit(() -> prepare(definition)))
                    .toList();
        }
    }

    /**
     * Reads, checks, adapts and captures a module, so that nothing is left to fail when a request comes. Takes up to seconds;
     * not for event loops. Initialisation of the module runs on a thread of its own, on a stack as deep as a worker's. What is
     * prepared already, and has not been closed, is only read and compared.
     *
     * @throws FunctionRejectedException naming the file and every reason
     */
    public PreparedFunction prepare(FunctionDefinition definition) throws FunctionRejectedException {
        byte[] binary = read(definition.module());
        FunctionKey key = new FunctionKey(
                definition.name(),
                sha256(binary),
                definition.limits(),
                definition.environment(),
                definition.instances());
        Registry.Lease<Callable> lease = functions.lease(key, () -> make(definition, binary));
        return new PreparedFunction(lease.value().invoker(), lease.value().module(), lease);
    }

    private Callable make(FunctionDefinition definition, byte[] binary) throws FunctionRejectedException {
        Inspection inspection = inspection(binary, definition.limits());
        ModuleReport report = inspection.report();
        WasmModule module = inspection.module();
        if (module == null || !report.acceptable()) {
            throw new FunctionRejectedException(definition.module().toString(), report.problems());
        }
        TemplateKey key = new TemplateKey(report.sha256(), definition.limits().memoryPages(), definition.environment());
        Registry.Lease<SandboxTemplate> template =
                templates.lease(key, () -> SandboxTemplate.prepare(engine, definition, module));
        try {
            return new Callable(executor.add(definition, template.value()), report, template);
        } catch (RuntimeException | Error e) {
            template.close();
            throw e;
        }
    }

    /** What can be said of a binary without running it. Never throws for what the binary holds. */
    public static ModuleReport inspect(byte[] binary, FunctionLimits limits) {
        return inspection(binary, limits).report();
    }

    /** A report, and the module when it could be parsed. */
    private record Inspection(ModuleReport report, @Nullable WasmModule module) {}

    private static Inspection inspection(byte[] binary, FunctionLimits limits) {
        String sha256 = sha256(binary);
        List<String> problems = new ArrayList<>();
        WasmModule module;
        try {
            module = WasmModule.parse(binary);
        } catch (InvalidModuleException e) {
            problems.add(String.valueOf(e.getMessage()));
            ModuleReport report = new ModuleReport(
                    sha256,
                    binary.length,
                    Optional.empty(),
                    false,
                    List.of(),
                    List.of(),
                    0,
                    OptionalLong.empty(),
                    problems);
            return new Inspection(report, null);
        }
        Optional<Shape> shape = Optional.empty();
        try {
            shape = Optional.of(module.shape());
        } catch (InvalidModuleException e) {
            problems.add(String.valueOf(e.getMessage()));
        }
        problems.addAll(ImportCheck.of(module.imports()).problems());
        Optional<ExternalType.Memory> memory = module.memories().stream().findFirst();
        long initialBytes = memory.map(ExternalType.Memory::initial).orElse(0L) * FunctionLimits.PAGE_BYTES;
        if (initialBytes > limits.memoryBytes()) {
            problems.add("the module starts with " + initialBytes + " bytes of memory, the limit is "
                    + limits.memoryBytes());
        }
        ModuleReport report = new ModuleReport(
                sha256,
                binary.length,
                shape.map(found -> found.name().toLowerCase(Locale.ROOT)),
                module.startFunction().isPresent() || module.exportsInitialize(),
                module.imports().stream().map(FunctionRuntime::report).toList(),
                module.proposals().stream().map(Proposal::title).toList(),
                initialBytes,
                memory.map(found -> found.maximum().isPresent()
                                ? OptionalLong.of(found.maximum().getAsLong() * FunctionLimits.PAGE_BYTES)
                                : OptionalLong.empty())
                        .orElse(OptionalLong.empty()),
                problems);
        return new Inspection(report, module);
    }

    private static ModuleReport.Import report(ModuleImport wanted) {
        Optional<Capability> capability = HostCatalog.capability(wanted.module(), wanted.name());
        return new ModuleReport.Import(
                wanted.module(),
                wanted.name(),
                wanted.type().toString(),
                capability.map(Capability::label),
                capability.map(Capability::always).orElse(false));
    }

    /**
     * Reads a binary.
     *
     * @throws FunctionRejectedException when the file cannot be read or is larger than {@link #MAX_MODULE_BYTES}
     */
    public static byte[] read(Path file) throws FunctionRejectedException {
        try {
            long size = Files.size(file);
            if (size > MAX_MODULE_BYTES) {
                throw new FunctionRejectedException(
                        file.toString(),
                        List.of("the file has " + size + " bytes, expected at most " + MAX_MODULE_BYTES));
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new FunctionRejectedException(file.toString(), List.of("cannot be read: " + e));
        }
    }

    private static String sha256(byte[] binary) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(binary));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Lets accepted executions end, then stops the workers, frees what was prepared and stops the engine. Blocks. */
    @Override
    public void close() {
        executor.close();
        templates.values().forEach(SandboxTemplate::close);
        engine.close();
    }
}
