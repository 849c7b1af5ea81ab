package io.gojinn.runtime.module;

/**
 * Copies one function's code and inserts what meters it; see {@link ModuleMeter}. Everything inserted takes nothing from
 * the operand stack it finds and leaves nothing there, but for the topmost operand of length-priced instructions, which
 * is copied to a local.
 */
final class FunctionMeter {
    private static final int EMPTY = 0x40;

    private final ModuleMeter meter;
    private final byte[] binary;
    private final InstructionReader instruction;
    private final MeteringPlan plan;
    private final ByteWriter out;
    private final ExternalType.Function type;

    /** The appended locals: the counter, and for lengths the operand and the price. */
    private final int counter;

    private final int operand;
    private final int price;

    /** Whether the counter is only in the global. */
    private final boolean usesGlobal;

    private final boolean wrapped;
    private final int frameSlots;

    /** Whether the global holds the counter and the local does not yet, as after a call. */
    private boolean mustLoad;

    private int nextPoint;
    private int nextTurn;
    private boolean live = true;

    FunctionMeter(ModuleMeter meter, ByteReader in, int function, int start) throws InvalidModuleException {
        this.meter = meter;
        binary = meter.module().binary();
        instruction = new InstructionReader(in);
        type = meter.module().functionType(function);

        in.position(start);
        int groups = (int) in.u32();
        int groupsStart = in.position();
        long locals = type.parameters().size();
        for (int i = 0; i < groups; i++) {
            locals += in.u32();
            in.u8();
        }
        int codeStart = in.position();
        counter = (int) locals;
        operand = counter + 1;
        price = counter + 2;
        plan = new MeteringPlan(meter.module(), meter.prices(), instruction, type, (int) locals, codeStart);
        usesGlobal = plan.paysAtEntryOnly();
        wrapped = !usesGlobal && plan.exitsEarly();
        frameSlots = Metering.FRAME_SLOTS + (int) locals + plan.maxHeight();

        int codeEnd = instruction.end();
        out = new ByteWriter(2 * (codeEnd - start) + 64);
        writeLocals(groups, groupsStart, codeStart);
        in.position(codeStart);
        writeCode(codeEnd);
    }

    /** The metered locals and code, without their size. */
    ByteWriter body() {
        return out;
    }

    private void writeLocals(int groups, int from, int to) {
        out.u32(groups + (usesGlobal ? 0 : plan.paysLengths() ? 3 : 1));
        out.bytes(binary, from, to);
        if (!usesGlobal) {
            out.u32(1).u8(ValueType.I64.code());
            if (plan.paysLengths()) {
                out.u32(1).u8(ValueType.I32.code());
                out.u32(1).u8(ValueType.I64.code());
            }
        }
    }

    private void writeCode(int codeEnd) throws InvalidModuleException {
        enter();
        int nesting = 0;
        do {
            int opcode = instruction.next();
            takeTurns();
            charge();
            if (instruction.end() == codeEnd) {
                leave();
                out.u8(Opcode.END);
                return;
            }
            if (opcode == Opcode.BLOCK || opcode == Opcode.LOOP || opcode == Opcode.IF) {
                nesting++;
            } else if (opcode == Opcode.END) {
                nesting--;
            }
            if (isControl(opcode)) {
                load();
            }
            write(opcode, nesting);
        } while (true);
    }

    private static boolean isControl(int opcode) {
        return opcode <= Opcode.RETURN && opcode != Opcode.NOP;
    }

    private void write(int opcode, int nesting) {
        switch (opcode) {
            case Opcode.CALL -> {
                store();
                out.u8(Opcode.CALL).u32(meter.edit().shifted(instruction.first()));
                mustLoad = live;
            }
            case Opcode.CALL_INDIRECT -> {
                store();
                copy();
                mustLoad = live;
            }
            case Opcode.REF_FUNC -> out.u8(Opcode.REF_FUNC).u32(meter.edit().shifted(instruction.first()));
            case Opcode.UNREACHABLE -> {
                store();
                copy();
            }
            case Opcode.RETURN -> {
                if (wrapped) {
                    out.u8(Opcode.BR).u32(nesting);
                } else {
                    copy();
                }
            }
            default -> {
                if (live && MeteringPlan.hasLengthPrice(opcode)) {
                    payLength(opcode);
                }
                copy();
            }
        }
    }

    private void copy() {
        out.bytes(binary, instruction.start(), instruction.end());
    }

    private void takeTurns() {
        while (nextTurn < plan.turnCount() && plan.turn(nextTurn) == instruction.start()) {
            live = !live;
            nextTurn++;
        }
    }

    private void enter() {
        if (plan.calls()) {
            checkDepth();
            out.u8(Opcode.GLOBAL_GET).u32(meter.depth());
            out.u8(Opcode.I32_CONST).signed(frameSlots).u8(Opcode.I32_SUB);
            out.u8(Opcode.GLOBAL_SET).u32(meter.depth());
        } else if (frameSlots > Metering.FREE_LEAF_SLOTS) {
            checkDepth();
        }
        mustLoad = !usesGlobal;
        if (wrapped) {
            out.u8(Opcode.BLOCK);
            switch (type.results().size()) {
                case 0 -> out.u8(EMPTY);
                case 1 -> out.u8(type.results().getFirst().code());
                default ->
                    out.signed(meter.edit().type(new ExternalType.Function(java.util.List.of(), type.results())));
            }
        }
    }

    private void checkDepth() {
        out.u8(Opcode.GLOBAL_GET).u32(meter.depth());
        out.u8(Opcode.I32_CONST).signed(frameSlots).u8(Opcode.I32_LT_U);
        out.u8(Opcode.IF).u8(EMPTY).u8(Opcode.CALL).u32(meter.overflow()).u8(Opcode.END);
    }

    private void leave() {
        if (wrapped) {
            // Branches arrive with the counter in the local.
            load();
            out.u8(Opcode.END);
            live = true;
        }
        store();
        if (plan.calls()) {
            out.u8(Opcode.GLOBAL_GET).u32(meter.depth());
            out.u8(Opcode.I32_CONST).signed(frameSlots).u8(Opcode.I32_ADD);
            out.u8(Opcode.GLOBAL_SET).u32(meter.depth());
        }
    }

    /** Brings the counter into the local where it is not. */
    private void load() {
        if (mustLoad) {
            out.u8(Opcode.GLOBAL_GET).u32(meter.fuel()).u8(Opcode.LOCAL_SET).u32(counter);
            mustLoad = false;
        }
    }

    /** Brings the counter into the global where it is not. */
    private void store() {
        if (live && !usesGlobal && !mustLoad) {
            out.u8(Opcode.LOCAL_GET).u32(counter).u8(Opcode.GLOBAL_SET).u32(meter.fuel());
        }
    }

    /** Writes the charge that lies before the instruction, if there is one. */
    private void charge() {
        if (nextPoint == plan.points() || plan.position(nextPoint) != instruction.start()) {
            return;
        }
        long cost = plan.cost(nextPoint++);
        if (cost == 0) {
            return;
        }
        if (usesGlobal) {
            out.u8(Opcode.GLOBAL_GET).u32(meter.fuel());
        } else if (mustLoad) {
            out.u8(Opcode.GLOBAL_GET).u32(meter.fuel()).u8(Opcode.LOCAL_TEE).u32(counter);
            mustLoad = false;
        } else {
            getCounter();
        }
        constant(cost).u8(Opcode.I64_LT_U).u8(Opcode.IF).u8(EMPTY);
        getCounter();
        constant(cost).u8(Opcode.CALL).u32(meter.refuel());
        setCounter();
        out.u8(Opcode.END);
        getCounter();
        constant(cost).u8(Opcode.I64_SUB);
        setCounter();
    }

    private ByteWriter constant(long value) {
        return out.u8(Opcode.I64_CONST).signed(value);
    }

    private void getCounter() {
        if (usesGlobal) {
            out.u8(Opcode.GLOBAL_GET).u32(meter.fuel());
        } else {
            out.u8(Opcode.LOCAL_GET).u32(counter);
        }
    }

    private void setCounter() {
        if (usesGlobal) {
            out.u8(Opcode.GLOBAL_SET).u32(meter.fuel());
        } else {
            out.u8(Opcode.LOCAL_SET).u32(counter);
        }
    }

    /** Charges for a length that is the topmost operand, unsigned. */
    private void payLength(int opcode) {
        Prices prices = meter.prices();
        switch (opcode) {
            case Opcode.MEMORY_GROW -> {
                if (prices.page() > 0) {
                    getOperand();
                    out.u8(Opcode.MEMORY_SIZE).u8(0).u8(Opcode.I64_EXTEND_I32_U).u8(Opcode.I64_ADD);
                    payTotal(meter.memoryPages(), prices.page());
                }
            }
            case Opcode.TABLE_GROW -> {
                if (prices.element() > 0) {
                    getOperand();
                    out.u8(Opcode.PREFIX_BULK).u32(Opcode.TABLE_SIZE & 0xFFFF).u32(instruction.first());
                    out.u8(Opcode.I64_EXTEND_I32_U).u8(Opcode.I64_ADD);
                    payTotal(meter.tableElements(instruction.first()), prices.element());
                }
            }
            case Opcode.TABLE_INIT, Opcode.TABLE_COPY, Opcode.TABLE_FILL -> {
                if (prices.element() > 0) {
                    getOperand();
                    constant(prices.element())
                            .u8(Opcode.I64_MUL)
                            .u8(Opcode.LOCAL_SET)
                            .u32(price);
                    chargePrice();
                }
            }
            default -> {
                if (prices.bulk() > 0) {
                    getOperand();
                    constant(6).u8(Opcode.I64_SHR_U);
                    constant(prices.bulk())
                            .u8(Opcode.I64_MUL)
                            .u8(Opcode.LOCAL_SET)
                            .u32(price);
                    chargePrice();
                }
            }
        }
    }

    /** Copies the topmost operand and widens the copy. */
    private void getOperand() {
        load();
        out.u8(Opcode.LOCAL_TEE).u32(operand).u8(Opcode.LOCAL_GET).u32(operand).u8(Opcode.I64_EXTEND_I32_U);
    }

    /** Charges a size that is on the stack; one over the bound is refused by the engine at once and costs nothing. */
    private void payTotal(long bound, int unit) {
        out.u8(Opcode.LOCAL_TEE).u32(price);
        constant(unit).u8(Opcode.I64_MUL);
        out.u8(Opcode.LOCAL_GET).u32(price);
        constant(bound).u8(Opcode.I64_LE_U).u8(Opcode.I64_EXTEND_I32_U);
        out.u8(Opcode.I64_MUL).u8(Opcode.LOCAL_SET).u32(price);
        chargePrice();
    }

    private void chargePrice() {
        getCounter();
        getPrice();
        out.u8(Opcode.I64_LT_U).u8(Opcode.IF).u8(EMPTY);
        getCounter();
        getPrice();
        out.u8(Opcode.CALL).u32(meter.refuel());
        setCounter();
        out.u8(Opcode.END);
        getCounter();
        getPrice();
        out.u8(Opcode.I64_SUB);
        setCounter();
    }

    private void getPrice() {
        out.u8(Opcode.LOCAL_GET).u32(price);
    }
}
