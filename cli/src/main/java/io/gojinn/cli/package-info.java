/** The command line: commands, config files, and the wiring of everything else. */
@NullMarked
package io.gojinn.cli;

import org.jspecify.annotations.NullMarked;
