/** Benchmarks of the sandbox, in its package to see its parts. */
@NullMarked
package io.gojinn.runtime.sandbox;

import org.jspecify.annotations.NullMarked;
