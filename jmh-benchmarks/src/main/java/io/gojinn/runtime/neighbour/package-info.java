/** What one function feels of others, through the runtime's public face. */
@NullMarked
package io.gojinn.runtime.neighbour;

import org.jspecify.annotations.NullMarked;
