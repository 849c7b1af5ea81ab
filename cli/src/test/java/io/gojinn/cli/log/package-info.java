@NullMarked
package io.gojinn.cli.log;

import org.jspecify.annotations.NullMarked;
