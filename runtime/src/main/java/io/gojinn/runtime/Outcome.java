package io.gojinn.runtime;

import io.gojinn.runtime.contract.MessageChanges;
import io.gojinn.runtime.contract.ResponseEnvelope;

/** How an execution ended. */
public sealed interface Outcome {
    /** What it used. */
    Usage usage();

    /** The label in logs and metrics: {@code ok} or the failure's. */
    String label();

    /** The function answered with a response, as the contract asks. */
    record Replied(ResponseEnvelope response, Usage usage) implements Outcome {
        @Override
        public String label() {
            return "ok";
        }
    }

    /** A middleware function lets the message go on, with these changes. */
    record Passed(MessageChanges changes, Usage usage) implements Outcome {
        @Override
        public String label() {
            return "ok";
        }
    }

    /**
     * The function did not answer.
     *
     * @param detail for the operator's log, never for the client
     */
    record Failed(FunctionFailure failure, String detail, Usage usage) implements Outcome {
        @Override
        public String label() {
            return failure.label();
        }
    }

    /**
     * What an execution used.
     *
     * @param queuedNanos from the call to its start on a worker
     * @param executionNanos from that start to its end
     * @param fuel the units of fuel used
     * @param memoryBytes the size of its linear memory at the end, which is its peak, since linear memory never shrinks
     */
    record Usage(long queuedNanos, long executionNanos, long fuel, long memoryBytes) {
        /** Of a call that never ran. */
        public static final Usage NONE = new Usage(0, 0, 0, 0);
    }
}
