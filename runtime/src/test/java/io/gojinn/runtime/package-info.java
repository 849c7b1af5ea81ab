/** Tests of the runtime through its public face, with real modules. */
@NullMarked
package io.gojinn.runtime;

import org.jspecify.annotations.NullMarked;
