package io.gojinn.runtime.module;

import java.util.List;

/**
 * Puts fuel and call depth into a module's code. Design:
 *
 * <ul>
 *   <li><b>Two passes a function</b>, both linear: {@link MeteringPlan} finds the charges, then {@link FunctionMeter}
 *       copies the code and inserts them. One pass would need charges padded to full width and patched later.
 *   <li><b>Counters are internal globals</b>; exported ones are objects in the engine and slow. Appended functions read
 *       and write them for the host. Inside a function the fuel is in a local, stored to the global around calls and at
 *       exits. Functions that only pay at entry use the global.
 *   <li><b>One import, {@code refuel}</b>, after the module's own function imports, so defined functions move up by one
 *       and every index is rewritten. A way without an import is a private table into which the host puts a function,
 *       called by {@code call_indirect}: it would need a second module to make the host's function a reference, linked
 *       for every instance, to save a renumbering that is done once.
 *   <li><b>Exits</b>: a function that returns early gets its body wrapped in a block of its result type; {@code return}
 *       becomes a branch to that block's end, labels of the function's own frame mean it without being changed, and
 *       the exit code stands once behind it.
 *   <li><b>Depth</b> is stack slots left, in a global, lowered at entry and raised at exit; functions without calls
 *       only compare. Too deep a call leaves a mark there and traps; no import needed, for it is always fatal.
 * </ul>
 */
final class ModuleMeter {
    /** The most an adapted code section may measure: what the engine must hold besides the original. */
    private static final int CODE_BYTES = 512 << 20;

    private final ModuleParser.Result module;
    private final ModuleEdit edit;
    private final Prices prices;
    private final long memoryPages;
    private final long tableElements;
    private final int fuel;
    private final int depth;
    private final int refuel;
    private final int overflow;

    ModuleMeter(ModuleParser.Result module, ModuleEdit edit, Prices prices, AdaptOptions options) {
        this.module = module;
        this.edit = edit;
        this.prices = prices;
        memoryPages = module.memories().isEmpty()
                ? 0
                : Math.min(module.memories().getLast().maximum().orElse(Long.MAX_VALUE), options.memoryPages());
        tableElements = options.tableElements();
        int host = edit.importFunction(
                Metering.IMPORT_MODULE, Metering.REFUEL, type(List.of(ValueType.I64), List.of(ValueType.I64)));
        fuel = edit.zeroGlobal(ValueType.I64);
        depth = edit.zeroGlobal(ValueType.I32);
        refuel = edit.function(
                type(List.of(ValueType.I64, ValueType.I64), List.of(ValueType.I64)), refuelBody(host, fuel));
        overflow = edit.function(type(List.of(), List.of()), overflowBody(depth));
        addAccessors(Metering.FUEL_GET, Metering.FUEL_SET, fuel, ValueType.I64);
        addAccessors(Metering.DEPTH_GET, Metering.DEPTH_SET, depth, ValueType.I32);
    }

    private static ExternalType.Function type(List<ValueType> parameters, List<ValueType> results) {
        return new ExternalType.Function(parameters, results);
    }

    /** Called with the counter and what is needed; traps should the host grant too little. */
    private static ByteWriter refuelBody(int host, int fuel) {
        ByteWriter body = new ByteWriter(32).u32(0);
        body.u8(Opcode.LOCAL_GET).u32(0).u8(Opcode.GLOBAL_SET).u32(fuel);
        body.u8(Opcode.LOCAL_GET).u32(1).u8(Opcode.CALL).u32(host);
        body.u8(Opcode.LOCAL_TEE).u32(0).u8(Opcode.LOCAL_GET).u32(1).u8(Opcode.I64_LT_U);
        body.u8(Opcode.IF).u8(0x40).u8(Opcode.UNREACHABLE).u8(Opcode.END);
        return body.u8(Opcode.LOCAL_GET).u32(0).u8(Opcode.END);
    }

    private static ByteWriter overflowBody(int depth) {
        ByteWriter body = new ByteWriter(16).u32(0);
        body.u8(Opcode.I32_CONST)
                .signed(Metering.OVERFLOWN)
                .u8(Opcode.GLOBAL_SET)
                .u32(depth);
        return body.u8(Opcode.UNREACHABLE).u8(Opcode.END);
    }

    private void addAccessors(String getter, String setter, int global, ValueType type) {
        ByteWriter get =
                new ByteWriter(8).u32(0).u8(Opcode.GLOBAL_GET).u32(global).u8(Opcode.END);
        edit.exportFunction(getter, edit.function(type(List.of(), List.of(type)), get));
        ByteWriter set = new ByteWriter(8).u32(0).u8(Opcode.LOCAL_GET).u32(0);
        set.u8(Opcode.GLOBAL_SET).u32(global).u8(Opcode.END);
        edit.exportFunction(setter, edit.function(type(List.of(type), List.of()), set));
    }

    /** Meters every function the module defines. */
    void meterCode() throws InvalidModuleException {
        int[] bodies = module.bodies();
        if (bodies.length == 0) {
            return;
        }
        ByteReader in = new ByteReader(module.binary());
        ByteWriter items = new ByteWriter(2 * (bodies[bodies.length - 1] - bodies[0]));
        for (int i = 0; i < bodies.length - 1; i++) {
            int function = module.importedFunctions() + i;
            ByteWriter body = new FunctionMeter(this, in, function, bodies[i]).body();
            if ((long) items.size() + body.size() > CODE_BYTES) {
                throw new InvalidModuleException(
                        Section.name(Section.CODE),
                        bodies[i],
                        "found code that metering makes larger than " + CODE_BYTES + " bytes");
            }
            items.u32(body.size()).bytes(body);
        }
        edit.replace(Section.CODE, items);
    }

    ModuleParser.Result module() {
        return module;
    }

    ModuleEdit edit() {
        return edit;
    }

    Prices prices() {
        return prices;
    }

    /** The size the memory can grow to. */
    long memoryPages() {
        return memoryPages;
    }

    /** The size a table can grow to. */
    long tableElements(int table) {
        return Math.min(module.tables().get(table).maximum().orElse(Long.MAX_VALUE), tableElements);
    }

    int fuel() {
        return fuel;
    }

    int depth() {
        return depth;
    }

    int refuel() {
        return refuel;
    }

    int overflow() {
        return overflow;
    }
}
