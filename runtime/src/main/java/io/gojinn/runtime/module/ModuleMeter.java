package io.gojinn.runtime.module;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Puts fuel and call depth into a module's code. Design:
 *
 * <ul>
 *   <li><b>Callees first</b>: {@link FunctionSummaries} goes over the functions in the order of the {@link CallGraph} and
 *       finds which have to look at the counter when they are entered, and which take from the depth. Then, for each,
 *       {@link MeteringPlan} finds the charges and {@link FunctionMeter} copies the code and inserts them. All is linear.
 *   <li><b>One counter</b> of 64 bits holds fuel in its low and stack slots in its high half ({@link Metering}), so that a
 *       call pays for both with one subtraction and tests both with one mask. It is an internal global; exported ones are
 *       objects in the engine and slow. Inside a function it is in a local, stored to the global around calls and at
 *       exits. Functions that only pay at entry use the global.
 *   <li><b>Charges subtract, checks look</b>: a charge never branches, so that the fuel may go below zero, by a bounded
 *       amount; a check asks for fuel when it has. Checks stand where a path without one could be long: at entries of long
 *       or recursive functions, in loops, and seldom elsewhere.
 *   <li><b>One import, {@code refuel}</b>, after the module's own function imports, so defined functions move up by one
 *       and every index is rewritten. A way without an import is a private table into which the host puts a function,
 *       called by {@code call_indirect}: it would need a second module to make the host's function a reference, linked
 *       for every instance, to save a renumbering that is done once.
 *   <li><b>Exits</b>: a function that returns early gets its body wrapped in a block of its result type; {@code return}
 *       becomes a branch to that block's end, labels of the function's own frame mean it without being changed, and
 *       the exit code stands once behind it.
 *   <li><b>Depth</b> is lowered at entry and raised at exit by functions that are recursive, and by others where more than
 *       {@link Metering#UNCOUNTED_SLOTS} could be on the stack without being counted. Too deep a call traps, with what is
 *       left, below zero, in the counter; no import needed, for it is always fatal.
 * </ul>
 */
final class ModuleMeter {
    /** The most an adapted code section may measure: what the engine must hold besides the original. */
    private static final int CODE_BYTES = 512 << 20;

    /** Keeps what a table instruction costs within a counter's 31 bits. */
    private static final long MOST_TABLE_ELEMENTS = 1 << 20;

    private final ModuleParser.Result module;
    private final ModuleEdit edit;
    private final Prices prices;
    private final long memoryPages;
    private final long tableElements;
    private final int counter;
    private final int refuel;
    private final FunctionSummaries summaries;

    /** The functions that run bulk instructions in steps, by opcode and data segment. */
    private final Map<Long, Integer> inSteps = new HashMap<>();

    ModuleMeter(ModuleParser.Result module, ModuleEdit edit, Prices prices, AdaptOptions options)
            throws InvalidModuleException {
        this.module = module;
        this.edit = edit;
        this.prices = prices;
        memoryPages = module.memories().isEmpty()
                ? 0
                : Math.min(module.memories().getLast().maximum().orElse(Long.MAX_VALUE), options.memoryPages());
        summaries = new FunctionSummaries(module, prices);
        tableElements = Math.min(options.tableElements(), MOST_TABLE_ELEMENTS);
        int host = edit.importFunction(
                Metering.IMPORT_MODULE, Metering.REFUEL, type(List.of(ValueType.I32), List.of(ValueType.I32)));
        counter = edit.zeroGlobal(ValueType.I64);
        refuel = edit.function(type(List.of(ValueType.I64), List.of(ValueType.I64)), refuelBody(host));
        ByteWriter get = new ByteWriter(8).u32(0).u8(Opcode.GLOBAL_GET).u32(counter);
        edit.exportFunction(Metering.GET, edit.function(type(List.of(), List.of(ValueType.I64)), get.u8(Opcode.END)));
        ByteWriter set = new ByteWriter(8).u32(0).u8(Opcode.LOCAL_GET).u32(0);
        set.u8(Opcode.GLOBAL_SET).u32(counter).u8(Opcode.END);
        edit.exportFunction(Metering.SET, edit.function(type(List.of(ValueType.I64), List.of()), set));
    }

    private static ExternalType.Function type(List<ValueType> parameters, List<ValueType> results) {
        return new ExternalType.Function(parameters, results);
    }

    /**
     * Takes a counter of which a half is negative, and returns it with more fuel. What is granted goes to the global, too:
     * it stays behind by what was spent since it was last stored, whatever the grants were.
     */
    private ByteWriter refuelBody(int host) {
        ByteWriter body = new ByteWriter(64).u32(1).u32(1).u8(ValueType.I64.code());
        body.u8(Opcode.LOCAL_GET).u32(0).u8(Opcode.LOCAL_GET).u32(0).u8(Opcode.I64_EXTEND32_S);
        body.u8(Opcode.I64_SUB).u8(Opcode.I64_CONST).signed(0).u8(Opcode.I64_LT_S);
        body.u8(Opcode.IF)
                .u8(0x40)
                .u8(Opcode.LOCAL_GET)
                .u32(0)
                .u8(Opcode.GLOBAL_SET)
                .u32(counter);
        body.u8(Opcode.UNREACHABLE).u8(Opcode.END);

        body.u8(Opcode.LOCAL_GET).u32(0).u8(Opcode.I32_WRAP_I64).u8(Opcode.CALL).u32(host);
        body.u8(Opcode.I64_EXTEND_I32_U).u8(Opcode.LOCAL_TEE).u32(1);
        body.u8(Opcode.GLOBAL_GET)
                .u32(counter)
                .u8(Opcode.I64_ADD)
                .u8(Opcode.GLOBAL_SET)
                .u32(counter);
        body.u8(Opcode.LOCAL_GET)
                .u32(0)
                .u8(Opcode.LOCAL_GET)
                .u32(1)
                .u8(Opcode.I64_ADD)
                .u8(Opcode.LOCAL_TEE)
                .u32(0);
        body.u8(Opcode.I32_WRAP_I64).u8(Opcode.I32_CONST).signed(0).u8(Opcode.I32_LT_S);
        body.u8(Opcode.IF).u8(0x40).u8(Opcode.UNREACHABLE).u8(Opcode.END);
        return body.u8(Opcode.LOCAL_GET).u32(0).u8(Opcode.END);
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

    FunctionSummaries summaries() {
        return summaries;
    }

    /** The size the memory can grow to. */
    long memoryPages() {
        return memoryPages;
    }

    /** The size a table can grow to, as far as it is paid for. */
    long tableElements(int table) {
        return Math.min(module.tables().get(table).maximum().orElse(Long.MAX_VALUE), tableElements);
    }

    /** The global that holds the counter. */
    int counter() {
        return counter;
    }

    /** The function that takes a counter and returns one with fuel. */
    int refuel() {
        return refuel;
    }

    /**
     * The function of type {@link BulkInSteps#TYPE} that runs a bulk instruction on linear memory in steps.
     *
     * @param segment of {@code memory.init}; 0 with other instructions
     */
    int inSteps(int opcode, int segment) {
        Long key = (long) opcode << 32 | segment;
        Integer known = inSteps.get(key);
        if (known != null) {
            return known;
        }
        int function = edit.function(BulkInSteps.TYPE, new BulkInSteps(this, opcode, segment).body());
        inSteps.put(key, function);
        return function;
    }
}
