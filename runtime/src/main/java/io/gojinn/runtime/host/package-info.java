/** What a guest may import: the catalogue of host functions, and what they share. */
@NullMarked
package io.gojinn.runtime.host;

import org.jspecify.annotations.NullMarked;
