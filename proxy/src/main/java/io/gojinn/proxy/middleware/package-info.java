/** What stands in the way of routes: how it is configured. */
@NullMarked
package io.gojinn.proxy.middleware;

import org.jspecify.annotations.NullMarked;
