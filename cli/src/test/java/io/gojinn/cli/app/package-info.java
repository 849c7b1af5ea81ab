@NullMarked
package io.gojinn.cli.app;

import org.jspecify.annotations.NullMarked;
