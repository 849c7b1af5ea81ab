/** Benchmarks of routing. */
@NullMarked
package io.gojinn.proxy.route;

import org.jspecify.annotations.NullMarked;
