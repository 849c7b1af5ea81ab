/** The function contract, version 1: the JSON envelopes that functions read from stdin and write to stdout. */
@NullMarked
package io.gojinn.runtime.contract;

import org.jspecify.annotations.NullMarked;
