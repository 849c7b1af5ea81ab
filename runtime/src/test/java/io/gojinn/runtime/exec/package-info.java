@NullMarked
package io.gojinn.runtime.exec;

import org.jspecify.annotations.NullMarked;
