package io.gojinn.runtime.module;

import java.util.List;

/** A module that carries its limits. Immutable; safe for any thread. */
public final class AdaptedModule {
    /** The exported function that must run once after instantiation, where {@link #hasStart} says so. */
    public static final String START = WasmModule.RESERVED_PREFIX + "start";

    /** The exported function of {@link #withRestore} that gives globals their captured values. */
    public static final String RESTORE = WasmModule.RESERVED_PREFIX + "restore";

    static final ExternalType.Function ACTION = new ExternalType.Function(List.of(), List.of());

    private final WasmModule original;
    private final AdaptOptions options;
    private final ModuleEdit edit;
    private final byte[] binary;
    private final List<CapturedGlobal> captured;
    private final boolean hasStart;

    AdaptedModule(
            WasmModule original,
            AdaptOptions options,
            ModuleEdit edit,
            List<CapturedGlobal> captured,
            boolean hasStart) {
        this.original = original;
        this.options = options;
        this.edit = edit;
        this.binary = edit.toBinary();
        this.captured = captured;
        this.hasStart = hasStart;
    }

    /** The module before adaptation. */
    public WasmModule original() {
        return original;
    }

    /** The adapted binary, shared: not to be changed. */
    public byte[] binary() {
        return binary;
    }

    /** What can be read of the module's mutable globals, in the order {@link #withRestore} expects the values. */
    public List<CapturedGlobal> captured() {
        return captured;
    }

    public boolean hasStart() {
        return hasStart;
    }

    /**
     * This module with the exported function {@link #RESTORE} of type {@code () -> ()}, which sets every global of
     * {@link #captured} to a value known now. Values are kept as bits: a NaN's payload survives.
     *
     * @param values the raw bits read through the getters, in their order
     * @param memoryPages the size of the captured memory, which instances will start with
     */
    public byte[] withRestore(List<Long> values, int memoryPages) {
        if (values.size() != captured.size()) {
            throw new IllegalArgumentException(
                    "found " + values.size() + " captured values, expected " + captured.size());
        }
        ModuleParser.Result module = original.parsed();
        ModuleEdit restored = edit.copy();
        if (module.memories().size() > module.importedMemories()) {
            ExternalType.Memory memory = module.memories().getLast();
            long maximum = Math.min(memory.maximum().orElse(Long.MAX_VALUE), options.memoryPages());
            if (memoryPages < memory.initial() || memoryPages > maximum) {
                throw new IllegalArgumentException(
                        "memoryPages is " + memoryPages + ", expected " + memory.initial() + " to " + maximum);
            }
            restored.replace(
                    Section.MEMORY, ModuleAdapter.limits(memoryPages, memory.maximum(), options.memoryPages()));
        }
        restored.exportFunction(RESTORE, restored.function(ACTION, restorer(values)));
        return restored.toBinary();
    }

    private ByteWriter restorer(List<Long> values) {
        ByteWriter body = new ByteWriter(16 + 16 * values.size()).u32(0);
        for (int i = 0; i < values.size(); i++) {
            CapturedGlobal global = captured.get(i);
            long bits = values.get(i);
            switch (global.type()) {
                case I32 -> body.u8(Opcode.I32_CONST).signed(bits << 32 >> 32);
                case I64 -> body.u8(Opcode.I64_CONST).signed(bits);
                case F32 -> body.u8(Opcode.F32_CONST).littleEndian(bits, 4);
                case F64 -> body.u8(Opcode.F64_CONST).littleEndian(bits, 8);
                case V128 -> {
                    i++;
                    body.u8(Opcode.PREFIX_SIMD)
                            .u32(Opcode.V128_CONST & 0xFFFF)
                            .littleEndian(bits, 8)
                            .littleEndian(values.get(i), 8);
                }
                case FUNCREF, EXTERNREF -> throw new IllegalStateException("a captured reference");
            }
            body.u8(Opcode.GLOBAL_SET).u32(global.index());
        }
        return body.u8(Opcode.END);
    }
}
