@NullMarked
package io.gojinn.proxy.shed;

import org.jspecify.annotations.NullMarked;
