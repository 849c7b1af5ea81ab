/** Tests of this part of the data plane. */
@NullMarked
package io.gojinn.proxy.observe;

import org.jspecify.annotations.NullMarked;
