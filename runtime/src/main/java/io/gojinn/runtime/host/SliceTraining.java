package io.gojinn.runtime.host;

/**
 * Keeps slices short while a module is young. The engine compiles a branch that was never taken as a return to the
 * interpreter: were the places where code asks for fuel to meet that only later, each would once undo compiled code. One
 * object a module, shared by its instances; counts races may lose do no harm.
 */
public final class SliceTraining {
    /** So often a module asks at every check. */
    private static final int EVERY_CHECK = 2_000;

    private int slices;

    /** The most to grant now. */
    int limit(int slice) {
        int age = slices;
        if (age == Integer.MAX_VALUE) {
            return slice;
        }
        slices = age + 1;
        return age < EVERY_CHECK ? age & 0x3F : Math.min(slice, age - EVERY_CHECK + 64);
    }
}
