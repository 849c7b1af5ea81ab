/** From an accepted connection to decoded HTTP messages. */
@NullMarked
package io.gojinn.proxy.listen;

import org.jspecify.annotations.NullMarked;
