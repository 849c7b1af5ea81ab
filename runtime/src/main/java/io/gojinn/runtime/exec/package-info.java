/** Admission, the bounded executor, deadlines and the pool of instances. */
@NullMarked
package io.gojinn.runtime.exec;

import org.jspecify.annotations.NullMarked;
