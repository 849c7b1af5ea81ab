/** What calls of functions cost the proxy. */
@NullMarked
package io.gojinn.proxy.function;

import org.jspecify.annotations.NullMarked;
