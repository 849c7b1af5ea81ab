/** Claims about parsing and rewriting modules, checked against hostile bytes, the specification's suite and two engines. */
@NullMarked
package io.gojinn.runtime.module;

import org.jspecify.annotations.NullMarked;
