package io.gojinn.runtime.module;

/**
 * The module {@code spectest} that scripts import from. It is WebAssembly itself and not an object of the host: so the
 * engine checks the types of imported functions, and memory, table and globals come without its own interface.
 */
final class SpectestModule {
    private static final int[] I32 = {ValueType.I32.code()};
    private static final int[] I64 = {ValueType.I64.code()};
    private static final int[] F32 = {ValueType.F32.code()};
    private static final int[] F64 = {ValueType.F64.code()};
    private static final int[] NONE = {};

    static byte[] binary() {
        ModuleBuilder module = new ModuleBuilder();
        String[] names = {"print", "print_i32", "print_i64", "print_f32", "print_f64", "print_i32_f32", "print_f64_f64"
        };
        int[][] parameters = {NONE, I32, I64, F32, F64, ModuleBuilder.concat(I32, F32), ModuleBuilder.concat(F64, F64)};
        for (int i = 0; i < names.length; i++) {
            module.type(parameters[i], NONE).function(i).export(names[i], 0, i);
        }
        constant(module, 0, "global_i32", ValueType.I32, Opcode.I32_CONST, new ByteWriter(8).signed(666));
        constant(module, 1, "global_i64", ValueType.I64, Opcode.I64_CONST, new ByteWriter(8).signed(666));
        constant(
                module,
                2,
                "global_f32",
                ValueType.F32,
                Opcode.F32_CONST,
                new ByteWriter(8).littleEndian(Float.floatToRawIntBits(666.6f), 4));
        constant(
                module,
                3,
                "global_f64",
                ValueType.F64,
                Opcode.F64_CONST,
                new ByteWriter(8).littleEndian(Double.doubleToRawLongBits(666.6), 8));
        module.add(Section.TABLE, ValueType.FUNCREF.code(), 1, 10, 20).export("table", 1, 0);
        module.add(Section.MEMORY, 1, 1, 2).export("memory", 2, 0);
        return module.build();
    }

    private static void constant(
            ModuleBuilder module, int index, String name, ValueType type, int opcode, ByteWriter value) {
        byte[] bytes = value.toByteArray();
        int[] literal = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            literal[i] = bytes[i] & 0xFF;
        }
        module.add(
                Section.GLOBAL,
                ModuleBuilder.concat(new int[] {type.code(), 0, opcode}, literal, new int[] {Opcode.END}));
        module.export(name, 3, index);
    }

    private SpectestModule() {}
}
