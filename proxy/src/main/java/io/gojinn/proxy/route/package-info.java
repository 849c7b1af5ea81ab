/** Which action a request gets. */
@NullMarked
package io.gojinn.proxy.route;

import org.jspecify.annotations.NullMarked;
