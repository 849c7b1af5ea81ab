package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.FunctionFailure;
import org.jspecify.annotations.Nullable;

/**
 * How a run inside an instance ended.
 *
 * @param failure null when the guest came to its end by itself with exit code 0
 * @param detail for the operator's log; empty without a failure
 * @param reusable whether the instance may be restored and used again
 */
public record RunEnd(@Nullable FunctionFailure failure, String detail, boolean reusable) {
    /** The guest came to its end. */
    static final RunEnd OK = new RunEnd(null, "", true);
}
