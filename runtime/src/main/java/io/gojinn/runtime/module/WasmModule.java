package io.gojinn.runtime.module;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A module that was parsed: its bytes, where its sections lie, and the facts others decide by. Immutable; safe for any
 * thread. Lists over an index space hold imports first.
 */
public final class WasmModule {
    /** Every export whose name starts so is ours. */
    static final String RESERVED_PREFIX = "gojinn:";

    /** The import module of the calls that rewriting adds; no module may link to it by itself. */
    static final String METER_MODULE = "gojinn:meter";

    private static final ExternalType.Function NO_PARAMETERS_NO_RESULTS =
            new ExternalType.Function(List.of(), List.of());

    private final ModuleParser.Result parsed;

    private WasmModule(ModuleParser.Result parsed) {
        this.parsed = parsed;
    }

    /**
     * Parses and checks a binary in time linear in its length. The array is kept and must not be changed.
     *
     * @throws InvalidModuleException when it is malformed, needs an unsupported proposal, asks for more than {@link
     *     ModuleBounds} allow, or exports a reserved name
     */
    public static WasmModule parse(byte[] binary) throws InvalidModuleException {
        ModuleParser.Result parsed = ModuleParser.parse(binary);
        for (ModuleExport export : parsed.exports()) {
            if (export.name().startsWith(RESERVED_PREFIX)) {
                throw new InvalidModuleException(
                        "export",
                        parsed.sectionStart(Section.EXPORT),
                        "found the export \"" + export.name() + "\", names from \"gojinn:\" on are reserved");
            }
        }
        for (ModuleImport wanted : parsed.imports()) {
            if (wanted.module().equals(METER_MODULE)) {
                throw new InvalidModuleException(
                        "import",
                        parsed.sectionStart(Section.IMPORT),
                        "found an import from \"" + METER_MODULE + "\", which is reserved");
            }
        }
        return new WasmModule(parsed);
    }

    ModuleParser.Result parsed() {
        return parsed;
    }

    public List<ModuleImport> imports() {
        return parsed.imports();
    }

    public List<ModuleExport> exports() {
        return parsed.exports();
    }

    public List<ExternalType.Memory> memories() {
        return parsed.memories();
    }

    public List<ExternalType.Table> tables() {
        return parsed.tables();
    }

    public List<ExternalType.Global> globals() {
        return parsed.globals();
    }

    /** The proposals beyond WebAssembly 1.0 that the module uses, as far as its encoding shows. */
    public Set<Proposal> proposals() {
        return parsed.proposals();
    }

    public CodeFacts codeFacts() {
        return parsed.codeFacts();
    }

    /** The function that runs at instantiation. */
    public OptionalInt startFunction() {
        return parsed.start();
    }

    /** Whether it defines mutable globals of reference types, whose values cannot be captured as bits. */
    public boolean hasMutableReferenceGlobals() {
        return definedGlobals().stream()
                .anyMatch(global -> global.mutable() && global.value().isReference());
    }

    /** The exported item of that name. */
    public Optional<ModuleExport> export(String name) {
        return parsed.exports().stream()
                .filter(export -> export.name().equals(name))
                .findFirst();
    }

    /** Whether {@code _initialize} is exported as a function without parameters and results. */
    public boolean exportsInitialize() {
        return export("_initialize").filter(this::isEntry).isPresent();
    }

    /**
     * The shape of the module, when it keeps the function contract: exactly one of {@code _start} and {@code
     * gojinn_handle} and, if any, {@code _initialize}, without parameters and results, and its own memory exported as
     * {@code memory}.
     *
     * @throws InvalidModuleException naming what is missing or wrong
     */
    public Shape shape() throws InvalidModuleException {
        Optional<ModuleExport> start = export(Shape.COMMAND.entry());
        Optional<ModuleExport> handle = export(Shape.REACTOR.entry());
        if (start.isPresent() == handle.isPresent()) {
            throw contract("found " + (start.isPresent() ? "both" : "neither")
                    + " of the exports \"_start\" and \"gojinn_handle\", expected exactly one");
        }
        requireEntry(start);
        requireEntry(handle);
        requireEntry(export("_initialize"));
        ModuleExport memory = export("memory")
                .orElseThrow(() -> contract("found no export \"memory\", expected the module's memory"));
        if (memory.kind() != ExternalKind.MEMORY) {
            throw contract("found the export \"memory\" of another kind, expected the module's memory");
        }
        if (parsed.importedMemories() > 0) {
            throw contract("found an imported memory, expected one that the module defines");
        }
        return start.isPresent() ? Shape.COMMAND : Shape.REACTOR;
    }

    private void requireEntry(Optional<ModuleExport> entry) throws InvalidModuleException {
        if (entry.isPresent() && !isEntry(entry.get())) {
            throw contract("found the export \"" + entry.get().name()
                    + "\" of another type, expected a function without parameters and results");
        }
    }

    private boolean isEntry(ModuleExport export) {
        return export.kind() == ExternalKind.FUNCTION
                && parsed.functionType(export.index()).equals(NO_PARAMETERS_NO_RESULTS);
    }

    private InvalidModuleException contract(String reason) {
        return new InvalidModuleException("export", parsed.sectionStart(Section.EXPORT), reason);
    }

    private List<ExternalType.Global> definedGlobals() {
        return new ArrayList<>(parsed.globals()
                .subList(parsed.importedGlobals(), parsed.globals().size()));
    }
}
