package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.host.Supervisor;
import org.jspecify.annotations.Nullable;

/**
 * Which request a run serves, and when it has to end.
 *
 * @param invocation null while the module initialises
 * @param deadlineNanos by {@link System#nanoTime}
 * @param supervisor asked every millisecond or so
 */
public record RunTerms(@Nullable Invocation invocation, long deadlineNanos, Supervisor supervisor) {}
