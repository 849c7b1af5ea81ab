@NullMarked
package io.gojinn.cli.config;

import org.jspecify.annotations.NullMarked;
