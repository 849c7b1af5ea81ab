/** The wiring of runtime, data plane and configuration into one process. */
@NullMarked
package io.gojinn.cli.app;

import org.jspecify.annotations.NullMarked;
