/** Modules made to do harm, and what becomes of them. */
@NullMarked
package io.gojinn.runtime.hostile;

import org.jspecify.annotations.NullMarked;
