/** The HTTP data plane: the public face of this module. */
@NullMarked
package io.gojinn.proxy;

import org.jspecify.annotations.NullMarked;
