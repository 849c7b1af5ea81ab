package io.gojinn.runtime.module;

/** How many operands instructions take and leave (core specification, 3.3); control instructions have their own rules. */
final class StackEffect {
    private StackEffect() {}

    /** The operands an instruction takes. */
    static int takes(InstructionReader instruction, ModuleParser.Result module) {
        int opcode = instruction.opcode();
        if (opcode > 0xFFFF) {
            return Opcode.isSimd(opcode) ? vectorTakes(opcode & 0xFFFF) : bulkTakes(opcode);
        }
        if (opcode >= 0x45 && opcode <= Opcode.LAST_NUMERIC) {
            return isUnary(opcode) ? 1 : 2;
        }
        if (opcode >= Opcode.FIRST_LOAD && opcode <= Opcode.LAST_STORE) {
            return opcode <= Opcode.LAST_LOAD ? 1 : 2;
        }
        return switch (opcode) {
            case Opcode.DROP,
                    Opcode.LOCAL_SET,
                    Opcode.LOCAL_TEE,
                    Opcode.GLOBAL_SET,
                    Opcode.TABLE_GET,
                    Opcode.MEMORY_GROW,
                    Opcode.REF_IS_NULL,
                    Opcode.BR_IF,
                    Opcode.BR_TABLE,
                    Opcode.IF -> 1;
            case Opcode.TABLE_SET -> 2;
            case Opcode.SELECT, Opcode.SELECT_TYPED -> 3;
            case Opcode.CALL ->
                module.functionType(instruction.first()).parameters().size();
            case Opcode.CALL_INDIRECT ->
                module.types().get(instruction.first()).parameters().size() + 1;
            default -> 0;
        };
    }

    /** The operands an instruction leaves. */
    static int leaves(InstructionReader instruction, ModuleParser.Result module) {
        int opcode = instruction.opcode();
        if (opcode > 0xFFFF) {
            return leavesPrefixed(opcode) ? 1 : 0;
        }
        return switch (opcode) {
            case Opcode.UNREACHABLE,
                    Opcode.NOP,
                    Opcode.BLOCK,
                    Opcode.LOOP,
                    Opcode.IF,
                    Opcode.ELSE,
                    Opcode.END,
                    Opcode.BR,
                    Opcode.BR_IF,
                    Opcode.BR_TABLE,
                    Opcode.RETURN,
                    Opcode.DROP,
                    Opcode.LOCAL_SET,
                    Opcode.GLOBAL_SET,
                    Opcode.TABLE_SET -> 0;
            case Opcode.CALL ->
                module.functionType(instruction.first()).results().size();
            case Opcode.CALL_INDIRECT ->
                module.types().get(instruction.first()).results().size();
            default -> opcode >= Opcode.FIRST_STORE && opcode <= Opcode.LAST_STORE ? 0 : 1;
        };
    }

    private static boolean isUnary(int opcode) {
        return opcode == 0x45
                || opcode == 0x50
                || (opcode >= 0x67 && opcode <= 0x69)
                || (opcode >= 0x79 && opcode <= 0x7B)
                || (opcode >= 0x8B && opcode <= 0x91)
                || (opcode >= 0x99 && opcode <= 0x9F)
                || opcode >= 0xA7;
    }

    private static int bulkTakes(int opcode) {
        return switch (opcode) {
            case Opcode.MEMORY_INIT,
                    Opcode.MEMORY_COPY,
                    Opcode.MEMORY_FILL,
                    Opcode.TABLE_INIT,
                    Opcode.TABLE_COPY,
                    Opcode.TABLE_FILL -> 3;
            case Opcode.TABLE_GROW -> 2;
            case Opcode.TABLE_SIZE, Opcode.DATA_DROP, Opcode.ELEM_DROP -> 0;
            default -> 1;
        };
    }

    private static boolean leavesPrefixed(int opcode) {
        if (Opcode.isSimd(opcode)) {
            int code = opcode & 0xFFFF;
            return code != 0x0B && (code < 0x58 || code > 0x5B);
        }
        int sub = opcode & 0xFFFF;
        return sub <= 7 || opcode == Opcode.TABLE_GROW || opcode == Opcode.TABLE_SIZE;
    }

    private static int vectorTakes(int code) {
        return switch (code) {
            case 0x0C -> 0;
            case 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A -> 1;
            // Splats and extracted lanes.
            case 0x0F, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x18, 0x19, 0x1B, 0x1D, 0x1F, 0x21 -> 1;
            // Bitwise not, any_true; loads that fill with zeros; conversions of low lanes.
            case 0x4D, 0x53, 0x5C, 0x5D, 0x5E, 0x5F -> 1;
            case 0x60, 0x61, 0x62, 0x63, 0x64, 0x67, 0x68, 0x69, 0x6A, 0x74, 0x75, 0x7A, 0x7C, 0x7D, 0x7E, 0x7F -> 1;
            case 0x80, 0x81, 0x83, 0x84, 0x87, 0x88, 0x89, 0x8A, 0x94 -> 1;
            case 0xA0, 0xA1, 0xA3, 0xA4, 0xA7, 0xA8, 0xA9, 0xAA -> 1;
            case 0xC0, 0xC1, 0xC3, 0xC4, 0xC7, 0xC8, 0xC9, 0xCA -> 1;
            case 0xE0, 0xE1, 0xE3, 0xEC, 0xED, 0xEF -> 1;
            case 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF -> 1;
            case 0x52 -> 3;
            default -> 2;
        };
    }
}
