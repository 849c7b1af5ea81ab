@NullMarked
package io.gojinn.proxy.function;

import org.jspecify.annotations.NullMarked;
