/** One HTTP exchange and the client connection that carries exchanges one after the other. */
@NullMarked
package io.gojinn.proxy.http;

import org.jspecify.annotations.NullMarked;
