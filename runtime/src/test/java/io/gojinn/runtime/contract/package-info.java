@NullMarked
package io.gojinn.runtime.contract;

import org.jspecify.annotations.NullMarked;
