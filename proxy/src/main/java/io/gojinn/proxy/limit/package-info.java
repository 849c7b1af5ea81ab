/** How much clients may ask for: rates and requests at once, counted in bounded tables. */
@NullMarked
package io.gojinn.proxy.limit;

import org.jspecify.annotations.NullMarked;
