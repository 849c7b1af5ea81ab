/** Where requests are forwarded to, and the connections that carry them. */
@NullMarked
package io.gojinn.proxy.upstream;

import org.jspecify.annotations.NullMarked;
