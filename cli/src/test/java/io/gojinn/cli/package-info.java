@NullMarked
package io.gojinn.cli;

import org.jspecify.annotations.NullMarked;
