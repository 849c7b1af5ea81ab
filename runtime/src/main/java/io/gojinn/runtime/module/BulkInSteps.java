package io.gojinn.runtime.module;

import java.util.List;

/**
 * Writes a function that does what {@code memory.copy}, {@code memory.fill} or {@code memory.init} does, in steps, each
 * paid and checked before it is taken: the engine stops a guest only between instructions, and one may move gigabytes.
 */
final class BulkInSteps {
    /** The longest step; a multiple of what bulk prices are for. Takes some ten microseconds. */
    static final int STEP_BYTES = 1 << 16;

    /** Takes what the instruction takes. */
    static final ExternalType.Function TYPE =
            new ExternalType.Function(List.of(ValueType.I32, ValueType.I32, ValueType.I32), List.of());

    private static final int EMPTY = 0x40;
    private static final int TO = 0;
    private static final int FROM = 1;
    private static final int LENGTH = 2;
    private static final int STEP = 3;

    private final ModuleMeter meter;
    private final int opcode;
    private final int segment;
    private final ByteWriter out = new ByteWriter(192);

    BulkInSteps(ModuleMeter meter, int opcode, int segment) {
        this.meter = meter;
        this.opcode = opcode;
        this.segment = segment;
    }

    ByteWriter body() {
        out.u32(1).u32(1).u8(ValueType.I32.code());
        checkRange();
        boolean copies = opcode == Opcode.MEMORY_COPY;
        if (copies) {
            // The ranges may overlap: from behind when the target lies behind the source.
            get(FROM).get(TO).out.u8(Opcode.I32_LT_U).u8(Opcode.IF).u8(EMPTY);
            backward();
            out.u8(Opcode.ELSE);
        }
        forward();
        if (copies) {
            out.u8(Opcode.END);
        }
        return out.u8(Opcode.END);
    }

    /** Traps when not all of the range is there, before anything is written (core specification, 4.4.7). */
    private void checkRange() {
        isWrapped(TO);
        if (hasSource()) {
            isWrapped(FROM);
            out.u8(Opcode.I32_OR);
        }
        out.u8(Opcode.IF).u8(EMPTY);
        get(TO).get(FROM).get(LENGTH).instruction();
        out.u8(Opcode.END);
        // Nothing, at the end of the range: the instruction itself looks whether that is inside.
        end(TO);
        if (hasSource()) {
            end(FROM);
        } else {
            get(FROM);
        }
        out.u8(Opcode.I32_CONST).signed(0);
        instruction();
    }

    /** Whether the second operand is an address, and not the byte to fill with. */
    private boolean hasSource() {
        return opcode != Opcode.MEMORY_FILL;
    }

    private void isWrapped(int start) {
        end(start).get(start).out.u8(Opcode.I32_LT_U);
    }

    private BulkInSteps end(int start) {
        get(start).get(LENGTH).out.u8(Opcode.I32_ADD);
        return this;
    }

    private void forward() {
        out.u8(Opcode.LOOP).u8(EMPTY);
        payStep();
        get(TO).get(FROM).get(STEP).instruction();
        advance(TO, Opcode.I32_ADD);
        if (hasSource()) {
            advance(FROM, Opcode.I32_ADD);
        }
        advance(LENGTH, Opcode.I32_SUB);
        get(LENGTH).out.u8(Opcode.BR_IF).u32(0).u8(Opcode.END);
    }

    private void backward() {
        out.u8(Opcode.LOOP).u8(EMPTY);
        payStep();
        advance(LENGTH, Opcode.I32_SUB);
        end(TO).end(FROM).get(STEP).instruction();
        get(LENGTH).out.u8(Opcode.BR_IF).u32(0).u8(Opcode.END);
    }

    private void advance(int local, int operation) {
        get(local).get(STEP).out.u8(operation).u8(Opcode.LOCAL_SET).u32(local);
    }

    /** Sets the step to what is left, at most the longest, and pays for it. */
    private void payStep() {
        get(LENGTH).out.u8(Opcode.I32_CONST).signed(STEP_BYTES);
        get(LENGTH).out.u8(Opcode.I32_CONST).signed(STEP_BYTES).u8(Opcode.I32_LT_U);
        out.u8(Opcode.SELECT).u8(Opcode.LOCAL_SET).u32(STEP);
        counter();
        get(STEP).out.u8(Opcode.I64_EXTEND_I32_U);
        out.u8(Opcode.I64_CONST).signed(Prices.BULK_SHIFT).u8(Opcode.I64_SHR_U);
        out.u8(Opcode.I64_CONST)
                .signed(meter.prices().bulk())
                .u8(Opcode.I64_MUL)
                .u8(Opcode.I64_SUB);
        out.u8(Opcode.GLOBAL_SET).u32(meter.counter());
        counter();
        out.u8(Opcode.I32_WRAP_I64).u8(Opcode.I32_CONST).signed(0).u8(Opcode.I32_LT_S);
        out.u8(Opcode.IF).u8(EMPTY);
        counter();
        out.u8(Opcode.CALL).u32(meter.refuel()).u8(Opcode.DROP).u8(Opcode.END);
    }

    private void counter() {
        out.u8(Opcode.GLOBAL_GET).u32(meter.counter());
    }

    private BulkInSteps get(int local) {
        out.u8(Opcode.LOCAL_GET).u32(local);
        return this;
    }

    private void instruction() {
        out.u8(Opcode.PREFIX_BULK).u32(opcode & 0xFFFF);
        switch (opcode) {
            case Opcode.MEMORY_INIT -> out.u32(segment).u8(0);
            case Opcode.MEMORY_COPY -> out.u8(0).u8(0);
            default -> out.u8(0);
        }
    }
}
