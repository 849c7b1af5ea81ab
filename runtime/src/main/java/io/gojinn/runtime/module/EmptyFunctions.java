package io.gojinn.runtime.module;

import java.util.List;

/**
 * A module of functions that do nothing, some of each type by which the host calls guests.
 *
 * <p>GraalWasm remembers the first functions that the host calls by a type, and with them their modules and code, for as long as
 * the engine lives. Once more have been called than it can remember, it remembers none.
 */
public final class EmptyFunctions {
    /** How many there are of each type. GraalWasm's inline caches hold five. */
    public static final int OF_EACH_TYPE = 6;

    /** The names of functions of type {@code () -> ()} begin with this, and end with a number from 0. */
    public static final String ACTION = "action";

    /** The same for {@code () -> i64}. */
    public static final String GETTER = "getter";

    /** The same for {@code i64 -> ()}. */
    public static final String SETTER = "setter";

    private static final byte[] EMPTY_MODULE = {0, 'a', 's', 'm', 1, 0, 0, 0};
    private static final List<ValueType> NOTHING = List.of();
    private static final List<ValueType> I64 = List.of(ValueType.I64);

    private EmptyFunctions() {}

    /** The module. */
    public static byte[] binary() {
        ModuleEdit edit = new ModuleEdit(parsed());
        for (int i = 0; i < OF_EACH_TYPE; i++) {
            add(edit, ACTION + i, NOTHING, NOTHING);
            add(edit, GETTER + i, NOTHING, I64);
            add(edit, SETTER + i, I64, NOTHING);
        }
        return edit.toBinary();
    }

    private static ModuleParser.Result parsed() {
        try {
            return ModuleParser.parse(EMPTY_MODULE);
        } catch (InvalidModuleException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static void add(ModuleEdit edit, String name, List<ValueType> parameters, List<ValueType> results) {
        ByteWriter body = new ByteWriter(8).u32(0);
        if (!results.isEmpty()) {
            body.u8(Opcode.I64_CONST).signed(0);
        }
        body.u8(Opcode.END);
        edit.exportFunction(name, edit.function(new ExternalType.Function(parameters, results), body));
    }
}
