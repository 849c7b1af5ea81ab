package io.gojinn.runtime.module;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Rewrites a module so that its limits are part of it: maxima of memory and tables lowered, the start function turned
 * into the export {@link AdaptedModule#START}, the module's own mutable globals readable through exports, and, where asked
 * for, fuel and call depth counted by the code itself ({@link Metering}). What a
 * module imports stays as it is: the host decides what to link.
 */
public final class ModuleAdapter {
    private static final ExternalType.Function GETTER = new ExternalType.Function(List.of(), List.of(ValueType.I64));

    private final ModuleParser.Result module;
    private final AdaptOptions options;
    private final ModuleEdit edit;
    private final List<CapturedGlobal> captured = new ArrayList<>();

    private ModuleAdapter(ModuleParser.Result module, AdaptOptions options) {
        this.module = module;
        this.options = options;
        this.edit = new ModuleEdit(module);
    }

    /**
     * Adapts a module.
     *
     * @throws InvalidModuleException when its memory or a table starts larger than the options allow
     */
    public static AdaptedModule adapt(WasmModule module, AdaptOptions options) throws InvalidModuleException {
        return new ModuleAdapter(module.parsed(), options).adapt(module);
    }

    private AdaptedModule adapt(WasmModule original) throws InvalidModuleException {
        lowerMemory();
        lowerTables();
        if (options.prices().isPresent()) {
            new ModuleMeter(module, edit, options.prices().get(), options).meterCode();
        }
        OptionalInt start = module.start();
        if (start.isPresent()) {
            edit.remove(Section.START);
            // Not the function itself: an export would declare it for ref.func, and an invalid module become valid.
            ByteWriter body = new ByteWriter(8).u32(0);
            body.u8(Opcode.CALL).u32(edit.shifted(start.getAsInt())).u8(Opcode.END);
            edit.exportFunction(AdaptedModule.START, edit.function(AdaptedModule.ACTION, body));
        }
        addGetters();
        return new AdaptedModule(original, options, edit, List.copyOf(captured), start.isPresent());
    }

    private void lowerMemory() throws InvalidModuleException {
        if (module.memories().size() == module.importedMemories()) {
            return;
        }
        ExternalType.Memory memory = module.memories().getLast();
        if (memory.initial() > options.memoryPages()) {
            throw new InvalidModuleException(
                    Section.name(Section.MEMORY),
                    module.sectionStart(Section.MEMORY),
                    "found an initial memory of " + memory.initial() + " pages, the limit is " + options.memoryPages());
        }
        edit.replace(Section.MEMORY, limits(memory.initial(), memory.maximum(), options.memoryPages()));
    }

    private void lowerTables() throws InvalidModuleException {
        List<ExternalType.Table> tables = module.tables();
        if (tables.size() == module.importedTables()) {
            return;
        }
        ByteWriter items = new ByteWriter(64);
        for (ExternalType.Table table : tables.subList(module.importedTables(), tables.size())) {
            if (table.initial() > options.tableElements()) {
                throw new InvalidModuleException(
                        Section.name(Section.TABLE),
                        module.sectionStart(Section.TABLE),
                        "found an initial table of " + table.initial() + " elements, the limit is "
                                + options.tableElements());
            }
            items.u8(table.element().code());
            items.bytes(limits(table.initial(), table.maximum(), options.tableElements()));
        }
        edit.replace(Section.TABLE, items);
    }

    static ByteWriter limits(long initial, OptionalLong maximum, long bound) {
        return new ByteWriter(12).u8(1).u32(initial).u32(Math.min(maximum.orElse(bound), bound));
    }

    /** One getter for 64 bits of raw value; a vector needs two. */
    private void addGetters() {
        for (int i = module.importedGlobals(); i < module.globals().size(); i++) {
            ExternalType.Global global = module.globals().get(i);
            if (!global.mutable() || global.value().isReference()) {
                continue;
            }
            int lanes = global.value() == ValueType.V128 ? 2 : 1;
            for (int lane = 0; lane < lanes; lane++) {
                CapturedGlobal capture = new CapturedGlobal(i, global.value(), lane);
                edit.exportFunction(capture.getter(), edit.function(GETTER, getter(capture)));
                captured.add(capture);
            }
        }
    }

    private static ByteWriter getter(CapturedGlobal capture) {
        ByteWriter body = new ByteWriter(16).u32(0).u8(Opcode.GLOBAL_GET).u32(capture.index());
        switch (capture.type()) {
            case I32 -> body.u8(Opcode.I64_EXTEND_I32_U);
            case F32 -> body.u8(Opcode.I32_REINTERPRET_F32).u8(Opcode.I64_EXTEND_I32_U);
            case F64 -> body.u8(Opcode.I64_REINTERPRET_F64);
            case V128 ->
                body.u8(Opcode.PREFIX_SIMD)
                        .u32(Opcode.I64X2_EXTRACT_LANE & 0xFFFF)
                        .u8(capture.lane());
            case I64, FUNCREF, EXTERNREF -> {}
        }
        return body.u8(Opcode.END);
    }
}
