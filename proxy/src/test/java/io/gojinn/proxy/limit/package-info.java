@NullMarked
package io.gojinn.proxy.limit;

import org.jspecify.annotations.NullMarked;
