@NullMarked
package io.gojinn.proxy.head;

import org.jspecify.annotations.NullMarked;
