package io.gojinn.runtime.module;

/**
 * The names through which the host talks to a metered module.
 *
 * <p>Before each run the host sets the fuel of the first slice and the depth. When the counter does not cover the next
 * charge the code calls {@link #REFUEL} with what it needs, having left the exact counter in {@link #FUEL_GET}; the host
 * answers the new counter, at least what is needed and at most 2^63 - 1, or throws. Host functions find the counter
 * exact and may lower it. After a trap it is exact as of the last call, return, refuel or {@code unreachable}: what ran
 * since is not in it, on every run the same.
 *
 * <p>The engine compiles a branch never taken as a return to the interpreter. So that asking for fuel late in a
 * module's life does not undo compiled code, once for each place, grant little (up to some thousand units, varying)
 * for the first few thousand times a module asks.
 *
 * <p>After a trap, {@link #DEPTH_GET} tells {@link #OVERFLOWN} when too deep a call was its cause.
 */
public final class Metering {
    /** The import module of {@link #REFUEL}. */
    public static final String IMPORT_MODULE = WasmModule.METER_MODULE;

    /** The import {@code refuel(needed: i64) -> i64}, both unsigned. */
    public static final String REFUEL = "refuel";

    /** The export {@code () -> i64}: the fuel left. */
    public static final String FUEL_GET = WasmModule.RESERVED_PREFIX + "fuel:get";

    /** The export {@code (i64) -> ()}. */
    public static final String FUEL_SET = WasmModule.RESERVED_PREFIX + "fuel:set";

    /** The export {@code () -> i32}: the stack slots left, or {@link #OVERFLOWN}. */
    public static final String DEPTH_GET = WasmModule.RESERVED_PREFIX + "depth:get";

    /** The export {@code (i32) -> ()}: the stack slots a run may use, 0 to 2^31 - 1. */
    public static final String DEPTH_SET = WasmModule.RESERVED_PREFIX + "depth:set";

    /** What {@link #DEPTH_GET} answers after a trap for too deep a call. */
    public static final int OVERFLOWN = -1;

    /** The slots a frame takes besides its parameters, locals and operands. */
    public static final int FRAME_SLOTS = 16;

    /** Frames without calls up to this many slots are not checked: there is at most one, at the top of the stack. */
    public static final int FREE_LEAF_SLOTS = 64;

    private Metering() {}
}
