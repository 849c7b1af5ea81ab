/** What can go wrong with a request, as values, and the one place that says how each is answered. */
@NullMarked
package io.gojinn.proxy.failure;

import org.jspecify.annotations.NullMarked;
