/** The proxy as a process of its own under many or slow connections. */
@NullMarked
package io.gojinn.load;

import org.jspecify.annotations.NullMarked;
