package io.gojinn.runtime.hostile;

import java.util.HashMap;
import java.util.Map;

/**
 * Turns instructions in the text format's order of the binary format ({@code i32.const 5 call 0 drop}) into code. A
 * number after an instruction is an immediate, unsigned unless it is a constant's; memory accesses take alignment and
 * offset.
 */
final class Assembler {
    private static final Map<String, byte[]> OPCODES = new HashMap<>();

    static {
        row(0x00, "unreachable nop block loop if else");
        row(0x0B, "end br br_if br_table return call call_indirect");
        row(0x1A, "drop select");
        row(0x20, "local.get local.set local.tee global.get global.set table.get table.set");
        row(0x28, "i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u");
        row(0x36, "i32.store i64.store f32.store f64.store i32.store8 i32.store16");
        row(0x3F, "memory.size memory.grow i32.const i64.const");
        row(0x45, "i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u");
        row(0x50, "i64.eqz i64.eq i64.ne");
        row(0x6A, "i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor");
        row(0x7C, "i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u");
        row(0xA7, "i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u");
        row(0xAC, "i64.extend_i32_s i64.extend_i32_u i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u");
        row(0xD0, "ref.null ref.is_null ref.func");
        prefixed(8, "memory.init data.drop memory.copy memory.fill table.init elem.drop table.copy table.grow");
        prefixed(16, "table.size table.fill");
        row(0x7B, "v128");
        row(0x40, "void");
        row(0x7C, "f64 f32 i64 i32");
        row(0x6F, "extern func");
    }

    private Assembler() {}

    private static void row(int first, String names) {
        int opcode = first;
        for (String name : names.split(" ", -1)) {
            OPCODES.put(name, Bytes.raw(opcode++));
        }
    }

    private static void prefixed(int first, String names) {
        int code = first;
        for (String name : names.split(" ", -1)) {
            OPCODES.put(name, Bytes.raw(0xFC, code++));
        }
    }

    /** The code, without a last {@code end}. */
    static byte[] code(String text) {
        String[] tokens = text.strip().split("\\s+", -1);
        byte[][] parts = new byte[tokens.length][];
        boolean isConstant = false;
        for (int i = 0; i < tokens.length; i++) {
            String token = tokens[i];
            byte[] opcode = OPCODES.get(token);
            if (opcode != null) {
                parts[i] = opcode;
                isConstant = token.endsWith(".const");
            } else if (token.isEmpty()) {
                parts[i] = Bytes.raw();
            } else if (token.startsWith("0x")) {
                parts[i] = Bytes.raw(Integer.parseInt(token.substring(2), 16));
            } else {
                long value = Long.parseLong(token);
                parts[i] = isConstant ? Bytes.signed(value) : Bytes.unsigned(value);
            }
        }
        return Bytes.join(parts);
    }
}
