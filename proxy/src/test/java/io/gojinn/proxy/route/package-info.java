/** Tests of this part of the data plane. */
@NullMarked
package io.gojinn.proxy.route;

import org.jspecify.annotations.NullMarked;
