package io.gojinn.runtime.module;

/**
 * How the host and a metered module talk to each other.
 *
 * <p>Code keeps a counter of 64 bits whose low half is the fuel left, signed, and whose high half the stack slots left;
 * their sum is exact, so a negative fuel borrows from the slots. Before each run the host sets it with {@link #SET}. When
 * a check finds the fuel below zero the code calls {@link #REFUEL} with it; the host answers how much it grants, enough to
 * bring it back to zero or more and at most {@link #MOST_FUEL}, or throws. Where the code checks depends on nothing but the
 * code and its input.
 *
 * <p>Host functions find the counter exact, and may change it. After a run it is exact when the guest came to its end,
 * exited in a host function or ran into {@code unreachable}; after another trap it is short of what was spent since the
 * last call or return, on every run the same, however much was granted at a time.
 *
 * <p>The engine compiles a branch never taken as a return to the interpreter. So that asking for fuel late in a
 * module's life does not undo compiled code, once for each place, grant little, and varying amounts, for the first few
 * thousand times a module asks.
 *
 * <p>After a trap for too deep a call, {@link #depth} is below zero.
 */
public final class Metering {
    /** The import module of {@link #REFUEL}. */
    public static final String IMPORT_MODULE = WasmModule.METER_MODULE;

    /** The import {@code refuel(left: i32) -> i32}: takes the fuel left, below zero, returns what is granted. */
    public static final String REFUEL = "refuel";

    /** The export {@code () -> i64}: the counter. */
    public static final String GET = WasmModule.RESERVED_PREFIX + "meter:get";

    /** The export {@code (i64) -> ()}. */
    public static final String SET = WasmModule.RESERVED_PREFIX + "meter:set";

    /** The most fuel a counter may be given or granted at once. */
    public static final int MOST_FUEL = 1 << 30;

    /** The slots a frame takes besides its parameters, locals and operands. */
    public static final int FRAME_SLOTS = 16;

    /** The most slots that frames on one stack take without being counted: those of functions that are not recursive. */
    public static final int UNCOUNTED_SLOTS = 1_024;

    private Metering() {}

    /** A counter of so much fuel and so many slots. */
    public static long counter(int fuel, int depth) {
        return ((long) depth << 32) + fuel;
    }

    /** The fuel a counter has left. */
    public static int fuel(long counter) {
        return (int) counter;
    }

    /** The stack slots a counter has left. */
    public static int depth(long counter) {
        return (int) ((counter - (int) counter) >> 32);
    }
}
