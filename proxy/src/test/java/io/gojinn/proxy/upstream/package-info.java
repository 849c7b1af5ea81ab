@NullMarked
package io.gojinn.proxy.upstream;

import org.jspecify.annotations.NullMarked;
