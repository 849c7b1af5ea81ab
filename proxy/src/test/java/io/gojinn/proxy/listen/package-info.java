/** Tests of what comes before HTTP on a connection. */
@NullMarked
package io.gojinn.proxy.listen;

import org.jspecify.annotations.NullMarked;
