@NullMarked
package io.gojinn.proxy.compress;

import org.jspecify.annotations.NullMarked;
