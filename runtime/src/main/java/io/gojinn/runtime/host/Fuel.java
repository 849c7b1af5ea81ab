package io.gojinn.runtime.host;

/**
 * The fuel of one execution after the other in one instance: hands it to the guest in slices, so that the host sees often
 * enough whether the guest may go on, and tells what was used. How it is sliced never changes what is counted, nor where a
 * guest runs out.
 *
 * <p>Confined to the worker that holds the instance.
 */
public final class Fuel {
    /** What the host may do to the guest's counter meanwhile. */
    public interface Counter {
        /** The fuel the guest has left of its slice. */
        int left();

        /** Takes fuel away from the guest; it may go below zero. */
        void take(int amount);
    }

    /** Interpreted, some hundred microseconds; compiled, some ten. */
    private static final int FIRST_SLICE = 1 << 14;

    private static final int LEAST_SLICE = 1 << 10;

    /** Compiled, some hundred microseconds; ten milliseconds where the engine gives its compiled code up in the middle. */
    private static final int MOST_SLICE = 1 << 19;

    /** How long a slice should take. */
    private static final long SLICE_NANOS = 250_000;

    /** How precise {@link #used} is after a trap inside a loop. */
    private static final long CHECKPOINT = 1 << 20;

    private final SliceTraining training;
    private final Counter counter;

    private long budget;
    private long granted;
    private long charged;
    private long checkpoint;
    private int slice;
    private long sliceStartNanos;

    /** Of one instance. */
    public Fuel(SliceTraining training, Counter counter) {
        this.training = training;
        this.counter = counter;
    }

    /**
     * Starts an execution.
     *
     * @param budget the most it may use
     * @return what to set the guest's counter to
     */
    public int begin(long budget) {
        this.budget = budget;
        charged = 0;
        checkpoint = 0;
        slice = FIRST_SLICE;
        sliceStartNanos = System.nanoTime();
        granted = Math.min(budget, training.limit(slice));
        return (int) granted;
    }

    /**
     * Grants the next slice.
     *
     * @param left what the guest has left, below zero
     * @throws GuestUnwind.OutOfFuel when it has used more than its budget
     */
    public int refuel(int left) {
        long used = granted - left + charged;
        if (used / CHECKPOINT != checkpoint / CHECKPOINT) {
            checkpoint = used;
        }
        if (used > budget) {
            checkpoint = used;
            throw new GuestUnwind.OutOfFuel(budget);
        }
        adaptSlice();
        int grant = (int) Math.min(budget - used, training.limit(slice)) - left;
        granted += grant;
        return grant;
    }

    /** The guest is about to go on; whatever it waited for since {@link #refuel} is not part of its slice. */
    public void sliceBegins() {
        sliceStartNanos = System.nanoTime();
    }

    private void adaptSlice() {
        long taken = System.nanoTime() - sliceStartNanos;
        if (taken < SLICE_NANOS / 2) {
            slice = Math.min(2 * slice, MOST_SLICE);
        } else if (taken > 2 * SLICE_NANOS) {
            slice = (int) Math.max(slice * SLICE_NANOS / taken, LEAST_SLICE);
        }
    }

    /**
     * Charges the guest for work of the host.
     *
     * @throws GuestUnwind.OutOfFuel when that uses more than its budget
     */
    public void charge(long units) {
        charged += units;
        long over = granted + charged - budget;
        if (over <= 0) {
            return;
        }
        if (exactlyUsed() > budget) {
            throw new GuestUnwind.OutOfFuel(budget);
        }
        // The guest holds more than what remains.
        counter.take((int) over);
        granted -= over;
    }

    private long exactlyUsed() {
        return granted - counter.left() + charged;
    }

    /**
     * What the execution has used so far: exact while the guest is in a host function, and after it came to its end. After
     * a trap it may be short of up to about a million units spent inside a loop; the same on every run.
     */
    public long used() {
        return Math.max(exactlyUsed(), checkpoint);
    }
}
