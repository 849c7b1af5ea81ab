/** How many functions one process holds, and what each of them costs. */
@NullMarked
package io.gojinn.density;

import org.jspecify.annotations.NullMarked;
