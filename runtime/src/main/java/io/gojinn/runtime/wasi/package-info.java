/** WASI preview 1 with nothing granted but stdio, clocks, randomness and the configured environment. */
@NullMarked
package io.gojinn.runtime.wasi;

import org.jspecify.annotations.NullMarked;
