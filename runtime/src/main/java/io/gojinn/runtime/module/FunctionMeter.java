package io.gojinn.runtime.module;

import java.util.Arrays;
import java.util.List;

/**
 * Copies one function's code and inserts what meters it; see {@link ModuleMeter}. Everything inserted takes nothing from
 * the operand stack it finds and leaves nothing there, but for the topmost operand of length-priced instructions, which
 * is copied to a local.
 */
final class FunctionMeter {
    private static final int EMPTY = 0x40;

    /** See {@link #openLoop}. */
    private static final int AROUND_TIGHT_LOOP = 3;

    /** Set when the fuel or the depth of a counter is negative. */
    private static final long SIGNS = 0x8000_0000_8000_0000L;

    private final ModuleMeter meter;
    private final byte[] binary;
    private final InstructionReader instruction;
    private final MeteringPlan plan;
    private final ByteWriter out;
    private final ExternalType.Function type;

    /**
     * The first appended local: the counter. In functions with tight loops it is what the counter has besides the fuel, which is
     * in a local of 32 bits of its own: the engine knows how to count down such a one.
     */
    private final int counter;

    private final int fuel;

    /** Appended for lengths: the operand, and the units to pay. */
    private final int operand;

    private final int units;

    private final boolean splits;

    /** Whether the counter is only in the global. */
    private final boolean usesGlobal;

    /** Whether early exits branch to the end of a block around the code. */
    private final boolean wrapped;

    /** What the frame takes of the depth, as it is subtracted from a counter; 0 where it is not counted. */
    private final long frame;

    private final boolean checksAtEntry;

    /** Whether the global holds the counter and the local does not yet, as after a call. */
    private boolean mustLoad;

    /** The open control structures; the function's own is 0. */
    private int nesting;

    /** By open structure: how many structures were added up to it. */
    private int[] added = new int[16];

    /** By open structure that is a tight loop: what a turn costs. */
    private int[] turns = new int[16];

    private int nextPoint;
    private int nextTurn;
    private int nextLoop;
    private boolean live = true;

    FunctionMeter(ModuleMeter meter, ByteReader in, int function, int start) throws InvalidModuleException {
        this.meter = meter;
        binary = meter.module().binary();
        instruction = new InstructionReader(in);
        type = meter.module().functionType(function);

        plan = new MeteringPlan(meter.module(), meter.prices(), meter.summaries(), instruction, function, start);
        counter = plan.locals();
        fuel = counter + 1;
        operand = counter + 2;
        units = counter + 3;
        usesGlobal = plan.paysAtEntryOnly();
        splits = plan.hasTightLoops();
        frame = meter.summaries().countsDepth(function) ? Metering.counter(0, plan.slots()) : 0;
        checksAtEntry = meter.summaries().checksAtEntry(function);
        wrapped = plan.exitsEarly() && (!usesGlobal || frame != 0);

        int codeEnd = instruction.end();
        out = new ByteWriter(2 * (codeEnd - start) + 64);
        in.position(start);
        writeLocals((int) in.u32(), in.position());
        in.position(plan.codeStart());
        writeCode(codeEnd);
    }

    /** The metered locals and code, without their size. */
    ByteWriter body() {
        return out;
    }

    private void writeLocals(int groups, int from) {
        out.u32(groups + (usesGlobal ? 0 : plan.paysLengths() ? 3 : 2));
        out.bytes(binary, from, plan.codeStart());
        if (!usesGlobal) {
            out.u32(1).u8(ValueType.I64.code());
            out.u32(plan.paysLengths() ? 2 : 1).u8(ValueType.I32.code());
            if (plan.paysLengths()) {
                out.u32(1).u8(ValueType.I64.code());
            }
        }
    }

    private void writeCode(int codeEnd) throws InvalidModuleException {
        enter();
        do {
            int opcode = instruction.next();
            takeTurns();
            charge();
            if (instruction.end() == codeEnd) {
                leave();
                out.u8(Opcode.END);
                return;
            }
            if (isControl(opcode)) {
                load();
            }
            write(opcode);
        } while (true);
    }

    private static boolean isControl(int opcode) {
        return opcode <= Opcode.RETURN && opcode != Opcode.NOP;
    }

    private void write(int opcode) {
        switch (opcode) {
            case Opcode.CALL -> {
                store();
                out.u8(Opcode.CALL).u32(meter.edit().shifted(instruction.first()));
                mustLoad = live && !usesGlobal;
            }
            case Opcode.CALL_INDIRECT -> {
                store();
                copy();
                mustLoad = live && !usesGlobal;
            }
            case Opcode.REF_FUNC -> out.u8(Opcode.REF_FUNC).u32(meter.edit().shifted(instruction.first()));
            case Opcode.UNREACHABLE -> {
                store();
                copy();
            }
            case Opcode.BLOCK, Opcode.IF -> {
                push(false);
                copy();
            }
            case Opcode.LOOP -> openLoop();
            case Opcode.END -> {
                copy();
                if (isTightLoop(nesting)) {
                    closeLoop();
                }
                nesting--;
            }
            case Opcode.BR, Opcode.BR_IF -> out.u8(opcode).u32(label(instruction.first()));
            case Opcode.BR_TABLE -> writeTable();
            case Opcode.RETURN -> {
                if (wrapped) {
                    out.u8(Opcode.BR).u32(label(nesting));
                } else {
                    copy();
                }
            }
            default -> {
                if (live && MeteringPlan.hasLengthPrice(opcode)) {
                    writePriced(opcode);
                } else {
                    copy();
                }
            }
        }
    }

    private void copy() {
        out.bytes(binary, instruction.start(), instruction.end());
    }

    /**
     * Each turn of a loop pays. Where it looks whether it could, asking for fuel is a call, and a call inside a loop makes the
     * engine read the address and size of linear memory anew each turn. So in a tight loop the turn is taken back and the loop
     * left for code behind it, which asks for enough for a turn and enters again. A loop that calls others would gain nothing,
     * one around other loops little; and out of one with parameters, which compilers do not make, a branch inside the
     * {@code if} could not carry the operands.
     *
     * <pre>
     * block                          ;; where the loop falls through
     *   loop                         ;; enters again
     *     block                      ;; where a turn that cannot be paid leads
     *       loop                     ;; the loop itself
     *         pay, if owing: pay back, br 2
     *         ...
     *       end
     *       br 2
     *     end
     *     pay, ask, pay back, br 0
     *   end
     * end
     * </pre>
     */
    private void openLoop() {
        if (!live) {
            push(false);
            copy();
            return;
        }
        MeteringPlan.LoopKind kind = plan.kind(nextLoop++);
        int turn = (int) plan.cost(nextPoint++);
        push(kind == MeteringPlan.LoopKind.TIGHT);
        if (kind == MeteringPlan.LoopKind.CHECKED_BEFORE) {
            refuelIfOwing();
        }
        if (kind != MeteringPlan.LoopKind.TIGHT) {
            copy();
            pay(turn);
            if (kind == MeteringPlan.LoopKind.CHECKED) {
                refuelIfOwing();
            }
            return;
        }
        turns[nesting] = turn;
        out.u8(Opcode.BLOCK).bytes(binary, instruction.start() + 1, instruction.end());
        copy();
        out.u8(Opcode.BLOCK).u8(EMPTY);
        copy();
        pay(turn);
        ifOwing();
        pay(-turn);
        out.u8(Opcode.BR).u32(2).u8(Opcode.END);
    }

    private void closeLoop() {
        out.u8(Opcode.BR).u32(2).u8(Opcode.END);
        int turn = turns[nesting];
        pay(turn);
        refuel();
        pay(-turn);
        out.u8(Opcode.BR).u32(0).u8(Opcode.END).u8(Opcode.END);
    }

    private void push(boolean isTight) {
        int outer = added[nesting++];
        if (nesting == added.length) {
            added = Arrays.copyOf(added, 2 * nesting);
            turns = Arrays.copyOf(turns, 2 * nesting);
        }
        added[nesting] = outer + (isTight ? AROUND_TIGHT_LOOP : 0);
    }

    private boolean isTightLoop(int structure) {
        return added[structure] != added[structure - 1];
    }

    /** Where a label of the original code is now. */
    private long label(int label) {
        return (long) label + added[nesting] - added[nesting - label];
    }

    private void writeTable() {
        int last = instruction.targetCount() - 1;
        out.u8(Opcode.BR_TABLE).u32(last);
        for (int i = 0; i <= last; i++) {
            out.u32(label(instruction.target(i)));
        }
    }

    private void takeTurns() {
        while (nextTurn < plan.turnCount() && plan.turn(nextTurn) == instruction.start()) {
            live = !live;
            nextTurn++;
        }
    }

    private void enter() {
        out.u8(Opcode.GLOBAL_GET).u32(meter.counter());
        constant(plan.cost(nextPoint++) + frame).u8(Opcode.I64_SUB);
        if (usesGlobal) {
            setCounter();
            if (checksAtEntry) {
                getCounter();
                ifNegative();
                getCounter();
                out.u8(Opcode.CALL).u32(meter.refuel()).u8(Opcode.DROP).u8(Opcode.END);
            }
        } else if (checksAtEntry) {
            out.u8(Opcode.LOCAL_TEE).u32(counter);
            ifNegative();
            out.u8(Opcode.LOCAL_GET).u32(counter).u8(Opcode.CALL).u32(meter.refuel());
            out.u8(Opcode.LOCAL_SET).u32(counter).u8(Opcode.END);
        } else {
            out.u8(Opcode.LOCAL_SET).u32(counter);
        }
        if (splits) {
            out.u8(Opcode.LOCAL_GET).u32(counter).u8(Opcode.LOCAL_GET).u32(counter);
            out.u8(Opcode.I32_WRAP_I64).u8(Opcode.LOCAL_TEE).u32(fuel);
            out.u8(Opcode.I64_EXTEND_I32_S)
                    .u8(Opcode.I64_SUB)
                    .u8(Opcode.LOCAL_SET)
                    .u32(counter);
        }
        if (wrapped) {
            out.u8(Opcode.BLOCK);
            switch (type.results().size()) {
                case 0 -> out.u8(EMPTY);
                case 1 -> out.u8(type.results().getFirst().code());
                default -> out.signed(meter.edit().type(new ExternalType.Function(List.of(), type.results())));
            }
        }
    }

    /** Opens an {@code if} on the counter on the stack: on both halves where the frame was taken off it. */
    private void ifNegative() {
        if (frame == 0) {
            out.u8(Opcode.I32_WRAP_I64).u8(Opcode.I32_CONST).signed(0).u8(Opcode.I32_LT_S);
        } else {
            constant(SIGNS).u8(Opcode.I64_AND);
            constant(0).u8(Opcode.I64_NE);
        }
        out.u8(Opcode.IF).u8(EMPTY);
    }

    private void leave() {
        if (wrapped) {
            // Branches arrive with the counter in the local.
            load();
            out.u8(Opcode.END);
            live = true;
        }
        if (!live) {
            return;
        }
        if (frame == 0) {
            store();
        } else {
            getCounter();
            constant(frame).u8(Opcode.I64_ADD).u8(Opcode.GLOBAL_SET).u32(meter.counter());
        }
    }

    /** Brings the counter into the local where it is not. */
    private void load() {
        if (mustLoad) {
            out.u8(Opcode.GLOBAL_GET).u32(meter.counter());
            setCounter();
        }
    }

    /** Brings the counter into the global where it is not. */
    private void store() {
        if (live && !usesGlobal && !mustLoad) {
            getCounter();
            out.u8(Opcode.GLOBAL_SET).u32(meter.counter());
        }
    }

    /** Writes the check and the charge that lie before the instruction, if there are any. */
    private void charge() {
        if (nextPoint == plan.points() || plan.position(nextPoint) != instruction.start()) {
            return;
        }
        int point = nextPoint++;
        if (plan.isChecked(point)) {
            load();
            refuelIfOwing();
        }
        if (plan.cost(point) > 0) {
            pay(plan.cost(point));
        }
    }

    private void pay(long cost) {
        if (splits && !mustLoad) {
            out.u8(Opcode.LOCAL_GET).u32(fuel);
            out.u8(Opcode.I32_CONST).signed(cost).u8(Opcode.I32_SUB);
            out.u8(Opcode.LOCAL_SET).u32(fuel);
        } else {
            getCounter();
            constant(cost).u8(Opcode.I64_SUB);
            setCounter();
        }
    }

    private void refuelIfOwing() {
        ifOwing();
        refuel();
        out.u8(Opcode.END);
    }

    private void ifOwing() {
        getFuel();
        out.u8(Opcode.I32_CONST).signed(0).u8(Opcode.I32_LT_S).u8(Opcode.IF).u8(EMPTY);
    }

    private void refuel() {
        getCounter();
        out.u8(Opcode.CALL).u32(meter.refuel());
        setCounter();
    }

    private ByteWriter constant(long value) {
        return out.u8(Opcode.I64_CONST).signed(value);
    }

    private void getFuel() {
        if (splits) {
            out.u8(Opcode.LOCAL_GET).u32(fuel);
        } else {
            out.u8(Opcode.LOCAL_GET).u32(counter).u8(Opcode.I32_WRAP_I64);
        }
    }

    private void getCounter() {
        if (usesGlobal || mustLoad) {
            out.u8(Opcode.GLOBAL_GET).u32(meter.counter());
        } else {
            out.u8(Opcode.LOCAL_GET).u32(counter);
            if (splits) {
                out.u8(Opcode.LOCAL_GET).u32(fuel).u8(Opcode.I64_EXTEND_I32_S).u8(Opcode.I64_ADD);
            }
        }
    }

    /** Sets the local, or the global where there is none. The depth is the function's own and does not change. */
    private void setCounter() {
        if (usesGlobal) {
            out.u8(Opcode.GLOBAL_SET).u32(meter.counter());
        } else if (splits) {
            out.u8(Opcode.I32_WRAP_I64).u8(Opcode.LOCAL_SET).u32(fuel);
            mustLoad = false;
        } else {
            out.u8(Opcode.LOCAL_SET).u32(counter);
            mustLoad = false;
        }
    }

    /** Writes an instruction whose topmost operand is a length, unsigned, with what it costs. */
    private void writePriced(int opcode) {
        load();
        Prices prices = meter.prices();
        switch (opcode) {
            case Opcode.MEMORY_GROW -> {
                widenOperand();
                out.u8(Opcode.MEMORY_SIZE).u8(0).u8(Opcode.I64_EXTEND_I32_U).u8(Opcode.I64_ADD);
                payUpTo(meter.memoryPages(), prices.page());
                copy();
            }
            case Opcode.TABLE_GROW -> {
                widenOperand();
                out.u8(Opcode.PREFIX_BULK).u32(Opcode.TABLE_SIZE & 0xFFFF).u32(instruction.first());
                out.u8(Opcode.I64_EXTEND_I32_U).u8(Opcode.I64_ADD);
                payUpTo(meter.tableElements(instruction.first()), prices.element());
                copy();
            }
            case Opcode.TABLE_INIT -> writePerElement(instruction.second());
            case Opcode.TABLE_COPY, Opcode.TABLE_FILL -> writePerElement(instruction.first());
            default -> {
                out.u8(Opcode.LOCAL_TEE).u32(operand).u8(Opcode.LOCAL_GET).u32(operand);
                out.u8(Opcode.I32_CONST).signed(BulkInSteps.STEP_BYTES).u8(Opcode.I32_GT_U);
                out.u8(Opcode.IF).signed(meter.edit().type(BulkInSteps.TYPE));
                store();
                out.u8(Opcode.CALL).u32(meter.inSteps(opcode, instruction.first()));
                out.u8(Opcode.GLOBAL_GET)
                        .u32(meter.counter())
                        .u8(Opcode.LOCAL_SET)
                        .u32(counter);
                out.u8(Opcode.ELSE);
                widen();
                constant(Prices.BULK_SHIFT).u8(Opcode.I64_SHR_U);
                payUnits(prices.bulk());
                copy();
                out.u8(Opcode.END);
            }
        }
    }

    private void writePerElement(int table) {
        widenOperand();
        payUpTo(meter.tableElements(table), meter.prices().element());
        copy();
    }

    /** Copies the topmost operand and widens the copy. */
    private void widenOperand() {
        out.u8(Opcode.LOCAL_TEE).u32(operand);
        widen();
    }

    private void widen() {
        out.u8(Opcode.LOCAL_GET).u32(operand).u8(Opcode.I64_EXTEND_I32_U);
    }

    /**
     * Charges a number of units that is on the stack. More than the bound cost nothing, for the instruction fails at once;
     * so no price overflows the counter.
     */
    private void payUpTo(long bound, int price) {
        out.u8(Opcode.LOCAL_TEE).u32(units);
        out.u8(Opcode.LOCAL_GET).u32(units);
        constant(bound).u8(Opcode.I64_LE_U).u8(Opcode.I64_EXTEND_I32_U).u8(Opcode.I64_MUL);
        payUnits(price);
    }

    private void payUnits(int price) {
        constant(price).u8(Opcode.I64_MUL).u8(Opcode.LOCAL_SET).u32(units);
        getCounter();
        out.u8(Opcode.LOCAL_GET).u32(units).u8(Opcode.I64_SUB);
        setCounter();
        refuelIfOwing();
    }
}
