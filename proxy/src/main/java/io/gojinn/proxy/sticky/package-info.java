/** Cookies that lead a client back to what took its first request. */
@NullMarked
package io.gojinn.proxy.sticky;

import org.jspecify.annotations.NullMarked;
