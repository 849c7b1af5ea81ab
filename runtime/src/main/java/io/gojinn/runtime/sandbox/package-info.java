/** The only code that touches the polyglot API: engine, prepared modules, instances. */
@NullMarked
package io.gojinn.runtime.sandbox;

import org.jspecify.annotations.NullMarked;
