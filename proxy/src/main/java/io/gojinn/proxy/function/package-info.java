/** Requests that are answered by a function. */
@NullMarked
package io.gojinn.proxy.function;

import org.jspecify.annotations.NullMarked;
