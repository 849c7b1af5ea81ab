package io.gojinn.runtime.host;

/** Ends an execution from inside a host function. Carries no stack trace: it is control flow, not a surprise. */
public abstract sealed class GuestUnwind extends RuntimeException {
    private GuestUnwind(String message) {
        super(message, null, false, false);
    }

    /** The guest asked to exit. */
    public static final class Exit extends GuestUnwind {
        @SuppressWarnings("StaticAssignmentOfThrowable") // immutable: no stack trace, no suppression, no cause
        private static final Exit SUCCESS = new Exit(0);

        private final int code;

        private Exit(int code) {
            super("exit code " + Integer.toUnsignedString(code));
            this.code = code;
        }

        /** The unwinding for this exit code. */
        public static Exit of(int code) {
            return code == 0 ? SUCCESS : new Exit(code);
        }

        /** 0 means success. */
        public int code() {
            return code;
        }
    }

    /** The guest wrote more than it may. */
    public static final class OutputLimit extends GuestUnwind {
        public OutputLimit(int limitBytes) {
            super("more than " + limitBytes + " bytes of output");
        }
    }

    /** The guest used up its fuel. */
    public static final class OutOfFuel extends GuestUnwind {
        public OutOfFuel(long budget) {
            super("more than " + budget + " units of fuel");
        }
    }

    /** The execution was stopped, or its deadline has passed. */
    public static final class Stopped extends GuestUnwind {
        public Stopped() {
            super("stopped at its deadline");
        }
    }
}
