package io.gojinn.runtime.module;

/**
 * 64 raw bits of a mutable global that an adapted module lets the host read and restore.
 *
 * @param index its place in the original module's globals, imports first
 * @param type numeric; the bits of 32-bit types are extended with zeros
 * @param lane which half of a vector, 0 for all other types
 */
public record CapturedGlobal(int index, ValueType type, int lane) {
    /** The exported function of type {@code () -> i64} that reads it. */
    public String getter() {
        return type == ValueType.V128
                ? WasmModule.RESERVED_PREFIX + "get:" + index + ":" + lane
                : WasmModule.RESERVED_PREFIX + "get:" + index;
    }
}
