package io.gojinn.runtime.host;

/**
 * Keeps slices short while a module is young. The engine compiles a branch that was never taken as a return to the
 * interpreter: were the places where code asks for fuel to meet that only later, each would once undo compiled code. They
 * must not be taken often either, or the engine would think them hot: it takes a function to its compiler after some
 * hundred calls or turns, of which a few should have asked. One object a module, shared by its instances; counts that
 * races lose do no harm.
 */
public final class SliceTraining {
    /** So many slices are short; some million instructions, which is about what is interpreted. */
    private static final int SHORT_SLICES = 2_048;

    /** Then they double, after so many each time. */
    private static final int DOUBLING = 512;

    private static final int SHORT = 512;
    private static final int MOST_DOUBLINGS = 10;

    private int slices;

    /** The most to grant now. */
    int limit(int slice) {
        int age = slices;
        int doublings = Math.max(0, age - SHORT_SLICES + DOUBLING) / DOUBLING;
        if (doublings > MOST_DOUBLINGS) {
            return slice;
        }
        slices = age + 1;
        int shortest = SHORT << doublings;
        // Odd amounts, so that slices end in many places.
        return Math.min(slice, shortest + age * 31 % shortest);
    }
}
