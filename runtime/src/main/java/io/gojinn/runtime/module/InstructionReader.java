package io.gojinn.runtime.module;

import java.util.Arrays;

/**
 * Reads instructions one after the other, with their immediates (core specification, 5.4). After {@link #next} the
 * accessors describe the instruction that was read. What an instruction's indices refer to is not its business.
 */
final class InstructionReader {
    /** {@link #blockType} of a block without parameters and results. */
    static final int EMPTY_BLOCK = -1;

    private final ByteReader in;
    private int start;
    private int opcode;
    private int first;
    private int second;
    private int blockType;
    private int[] targets = new int[16];
    private int targetCount;

    InstructionReader(ByteReader in) {
        this.in = in;
    }

    /** Where the instruction starts. */
    int start() {
        return start;
    }

    /** The first byte after it. */
    int end() {
        return in.position();
    }

    int opcode() {
        return opcode;
    }

    /** Reads the locals of a function's body that starts here and counts them; the code follows. */
    int locals(int body) throws InvalidModuleException {
        in.position(body);
        long locals = 0;
        for (long groups = in.u32(); groups > 0; groups--) {
            locals += in.u32();
            in.u8();
        }
        return (int) locals;
    }

    /** The first index, label, lane or alignment of the instruction. */
    int first() {
        return first;
    }

    /** The second one; the table of {@code call_indirect} and {@code table.init}, the source of {@code table.copy}. */
    int second() {
        return second;
    }

    /**
     * The type of a block: {@link #EMPTY_BLOCK}, an index of a function type, or the complement of a value type's code
     * minus one.
     */
    int blockType() {
        return blockType;
    }

    /** The single result of a block whose type is neither empty nor an index. */
    static ValueType blockResult(int blockType) {
        ValueType type = ValueType.ofCode(-2 - blockType);
        if (type == null) {
            throw new IllegalArgumentException("block type " + blockType);
        }
        return type;
    }

    /** How many labels a {@code br_table} has, its default included. */
    int targetCount() {
        return targetCount;
    }

    int target(int i) {
        return targets[i];
    }

    int next() throws InvalidModuleException {
        start = in.position();
        opcode = in.u8();
        first = 0;
        second = 0;
        if (opcode >= Opcode.FIRST_LOAD && opcode <= Opcode.LAST_STORE) {
            memoryArgument();
        } else if (opcode > Opcode.F64_CONST && opcode <= Opcode.LAST_NUMERIC) {
            return opcode;
        } else {
            readOther();
        }
        return opcode;
    }

    private void readOther() throws InvalidModuleException {
        switch (opcode) {
            case Opcode.UNREACHABLE,
                    Opcode.NOP,
                    Opcode.ELSE,
                    Opcode.END,
                    Opcode.RETURN,
                    Opcode.DROP,
                    Opcode.SELECT,
                    Opcode.REF_IS_NULL -> {}
            case Opcode.BLOCK, Opcode.LOOP, Opcode.IF -> readBlockType();
            case Opcode.BR,
                    Opcode.BR_IF,
                    Opcode.CALL,
                    Opcode.LOCAL_GET,
                    Opcode.LOCAL_SET,
                    Opcode.LOCAL_TEE,
                    Opcode.GLOBAL_GET,
                    Opcode.GLOBAL_SET,
                    Opcode.TABLE_GET,
                    Opcode.TABLE_SET,
                    Opcode.REF_FUNC -> first = index();
            case Opcode.BR_TABLE -> readTargets();
            case Opcode.CALL_INDIRECT -> {
                first = index();
                second = index();
            }
            case Opcode.SELECT_TYPED -> {
                int count = in.count("types of a select", ModuleBounds.RESULTS, 1);
                for (int i = 0; i < count; i++) {
                    in.valueType();
                }
            }
            case Opcode.MEMORY_SIZE, Opcode.MEMORY_GROW -> onlyMemory();
            case Opcode.I32_CONST -> in.signed(32);
            case Opcode.I64_CONST -> in.signed(64);
            case Opcode.F32_CONST -> in.skip(4);
            case Opcode.F64_CONST -> in.skip(8);
            case Opcode.REF_NULL -> in.referenceType();
            case Opcode.PREFIX_BULK -> readBulk();
            case Opcode.PREFIX_SIMD -> readSimd();
            case 0x06, 0x07, 0x08, 0x09, 0x0A, 0x18, 0x19, 0x1F -> throw in.needs(start, Proposal.EXCEPTIONS);
            case 0x12, 0x13 -> throw in.needs(start, Proposal.TAIL_CALLS);
            case 0x14, 0x15, 0xD3, 0xD4, 0xD5, 0xD6, 0xFB -> throw in.needs(start, Proposal.GARBAGE_COLLECTION);
            case 0xFE -> throw in.needs(start, Proposal.THREADS);
            default -> throw unknown();
        }
    }

    private void readBulk() throws InvalidModuleException {
        long sub = in.u32();
        if (sub <= 7) {
            opcode = Opcode.PREFIX_BULK << 16 | (int) sub;
            return;
        }
        if (sub >= 19 && sub <= 22) {
            throw in.needs(start, Proposal.WIDE_ARITHMETIC);
        }
        if (sub > 17) {
            throw unknown();
        }
        opcode = Opcode.PREFIX_BULK << 16 | (int) sub;
        switch (opcode) {
            case Opcode.MEMORY_INIT -> {
                first = index();
                onlyMemory();
            }
            case Opcode.MEMORY_COPY -> {
                onlyMemory();
                onlyMemory();
            }
            case Opcode.MEMORY_FILL -> onlyMemory();
            case Opcode.TABLE_INIT, Opcode.TABLE_COPY -> {
                first = index();
                second = index();
            }
            default -> first = index();
        }
    }

    private void readSimd() throws InvalidModuleException {
        long sub = in.u32();
        if (sub >= 0x100 && sub <= 0x12F) {
            throw in.needs(start, Proposal.RELAXED_SIMD);
        }
        if (sub > 0xFF) {
            throw unknown();
        }
        int code = (int) sub;
        switch (code) {
            // Codes the standard leaves free.
            case 0x9A,
                    0xA2,
                    0xA5,
                    0xA6,
                    0xAF,
                    0xB0,
                    0xB2,
                    0xB3,
                    0xB4,
                    0xBB,
                    0xC2,
                    0xC5,
                    0xC6,
                    0xCF,
                    0xD0,
                    0xD2,
                    0xD3,
                    0xD4,
                    0xE2,
                    0xEE -> throw unknown();
            default -> {}
        }
        opcode = Opcode.PREFIX_SIMD << 16 | code;
        if (code <= 0x0B || code == 0x5C || code == 0x5D) {
            memoryArgument();
        } else if (code >= 0x54 && code <= 0x5B) {
            memoryArgument();
            in.u8();
        } else if (code == 0x0C || code == 0x0D) {
            in.skip(16);
        } else if (code >= 0x15 && code <= 0x22) {
            first = in.u8();
        }
    }

    private void readBlockType() throws InvalidModuleException {
        int at = in.position();
        long value = in.signed(33);
        if (value >= 0) {
            // At most 2^32 - 1; one that does not fit an int is beyond the types there can be.
            blockType = (int) Math.min(value, Integer.MAX_VALUE);
            return;
        }
        int code = (int) (value & 0x7F);
        if (value < -64 || in.position() != at + 1) {
            throw in.invalid(at, "found a negative block type");
        }
        if (code == 0x40) {
            blockType = EMPTY_BLOCK;
        } else if (ValueType.ofCode(code) != null) {
            blockType = -2 - code;
        } else {
            throw in.unknownType(at, code, "a block type");
        }
    }

    private void readTargets() throws InvalidModuleException {
        int count = in.count("branch targets", ModuleBounds.BRANCH_TARGETS, 1);
        targetCount = count + 1;
        if (targets.length < targetCount) {
            targets = Arrays.copyOf(targets, Math.max(targetCount, 2 * targets.length));
        }
        for (int i = 0; i < targetCount; i++) {
            targets[i] = index();
        }
    }

    private void memoryArgument() throws InvalidModuleException {
        int at = in.position();
        long align = in.u32();
        if (align >= 64 && align < 128) {
            throw in.needs(at, Proposal.MULTI_MEMORY);
        }
        if (align >= 32) {
            throw in.invalid(at, "found alignment 2^" + align + ", expected at most 2^4");
        }
        first = (int) align;
        in.u32();
    }

    /** The byte where multi-memory has an index. */
    private void onlyMemory() throws InvalidModuleException {
        int at = in.position();
        if (in.u8() != 0) {
            throw in.invalid(
                    at,
                    "found a memory index, expected the byte 0: " + Proposal.MULTI_MEMORY.title()
                            + " is not supported");
        }
    }

    /** An index of 32 bits; those over 2^31 - 1 are beyond any bound and come as that. */
    private int index() throws InvalidModuleException {
        return (int) Math.min(in.u32(), Integer.MAX_VALUE);
    }

    private InvalidModuleException unknown() {
        return in.invalid(start, "found no known instruction (0x%02x)".formatted(opcode & 0xFF));
    }
}
