/** Letting through as much as can be answered in time, found out while it is. */
@NullMarked
package io.gojinn.proxy.shed;

import org.jspecify.annotations.NullMarked;
