/** How long functions take to start and to be ended. */
@NullMarked
package io.gojinn.latency;

import org.jspecify.annotations.NullMarked;
