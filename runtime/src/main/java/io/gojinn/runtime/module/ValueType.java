package io.gojinn.runtime.module;

import org.jspecify.annotations.Nullable;

/** The type of a local, global, operand or table element (core specification, 2.3.1 to 2.3.4). */
public enum ValueType {
    I32(0x7F),
    I64(0x7E),
    F32(0x7D),
    F64(0x7C),
    V128(0x7B),
    FUNCREF(0x70),
    EXTERNREF(0x6F);

    private final int code;

    ValueType(int code) {
        this.code = code;
    }

    /** The byte that stands for it in the binary format (5.3). */
    int code() {
        return code;
    }

    boolean isReference() {
        return this == FUNCREF || this == EXTERNREF;
    }

    static @Nullable ValueType ofCode(int code) {
        return switch (code) {
            case 0x7F -> I32;
            case 0x7E -> I64;
            case 0x7D -> F32;
            case 0x7C -> F64;
            case 0x7B -> V128;
            case 0x70 -> FUNCREF;
            case 0x6F -> EXTERNREF;
            default -> null;
        };
    }
}
