package io.gojinn.runtime.module;

/** Instruction codes the rewriter knows by name (core specification, 5.4); prefixed ones carry the prefix above the low 16 bits. */
final class Opcode {
    static final int UNREACHABLE = 0x00;
    static final int NOP = 0x01;
    static final int BLOCK = 0x02;
    static final int LOOP = 0x03;
    static final int IF = 0x04;
    static final int ELSE = 0x05;
    static final int END = 0x0B;
    static final int BR = 0x0C;
    static final int BR_IF = 0x0D;
    static final int BR_TABLE = 0x0E;
    static final int RETURN = 0x0F;
    static final int CALL = 0x10;
    static final int CALL_INDIRECT = 0x11;
    static final int DROP = 0x1A;
    static final int SELECT = 0x1B;
    static final int SELECT_TYPED = 0x1C;
    static final int LOCAL_GET = 0x20;
    static final int LOCAL_SET = 0x21;
    static final int LOCAL_TEE = 0x22;
    static final int GLOBAL_GET = 0x23;
    static final int GLOBAL_SET = 0x24;
    static final int TABLE_GET = 0x25;
    static final int TABLE_SET = 0x26;
    static final int FIRST_LOAD = 0x28;
    static final int LAST_LOAD = 0x35;
    static final int FIRST_STORE = 0x36;
    static final int LAST_STORE = 0x3E;
    static final int MEMORY_SIZE = 0x3F;
    static final int MEMORY_GROW = 0x40;
    static final int I32_CONST = 0x41;
    static final int I64_CONST = 0x42;
    static final int F32_CONST = 0x43;
    static final int F64_CONST = 0x44;
    static final int I32_LT_S = 0x48;
    static final int I32_LT_U = 0x49;
    static final int I32_GT_U = 0x4B;
    static final int I64_NE = 0x52;
    static final int I64_LT_S = 0x53;
    static final int I32_ADD = 0x6A;
    static final int I32_SUB = 0x6B;
    static final int I32_MUL = 0x6C;
    static final int I32_OR = 0x72;
    static final int I64_LE_U = 0x58;
    static final int I64_ADD = 0x7C;
    static final int I64_SUB = 0x7D;
    static final int I64_MUL = 0x7E;
    static final int I64_AND = 0x83;
    static final int I64_SHR_U = 0x88;
    static final int I32_WRAP_I64 = 0xA7;
    static final int I64_EXTEND_I32_S = 0xAC;
    static final int I64_EXTEND_I32_U = 0xAD;
    static final int I32_REINTERPRET_F32 = 0xBC;
    static final int I64_REINTERPRET_F64 = 0xBD;
    static final int I64_EXTEND32_S = 0xC4;
    static final int LAST_NUMERIC = 0xC4;
    static final int REF_NULL = 0xD0;
    static final int REF_IS_NULL = 0xD1;
    static final int REF_FUNC = 0xD2;
    static final int PREFIX_BULK = 0xFC;
    static final int PREFIX_SIMD = 0xFD;

    private static final int BULK = PREFIX_BULK << 16;
    private static final int SIMD = PREFIX_SIMD << 16;

    static final int MEMORY_INIT = BULK | 8;
    static final int DATA_DROP = BULK | 9;
    static final int MEMORY_COPY = BULK | 10;
    static final int MEMORY_FILL = BULK | 11;
    static final int TABLE_INIT = BULK | 12;
    static final int ELEM_DROP = BULK | 13;
    static final int TABLE_COPY = BULK | 14;
    static final int TABLE_GROW = BULK | 15;
    static final int TABLE_SIZE = BULK | 16;
    static final int TABLE_FILL = BULK | 17;
    static final int V128_CONST = SIMD | 12;
    static final int I64X2_EXTRACT_LANE = SIMD | 0x1D;

    static boolean isSimd(int opcode) {
        return opcode >> 16 == PREFIX_SIMD;
    }

    /** Whether a SIMD instruction loads or stores. */
    static boolean isSimdMemory(int opcode) {
        int code = opcode & 0xFFFF;
        return code <= 0x0B || (code >= 0x54 && code <= 0x5D);
    }

    private Opcode() {}
}
