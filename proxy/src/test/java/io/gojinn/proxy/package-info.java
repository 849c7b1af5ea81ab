/** The data plane over real sockets. */
@NullMarked
package io.gojinn.proxy;

import org.jspecify.annotations.NullMarked;
