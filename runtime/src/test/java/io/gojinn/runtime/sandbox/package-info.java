/** Tests of instances and of how they are restored. */
@NullMarked
package io.gojinn.runtime.sandbox;

import org.jspecify.annotations.NullMarked;
