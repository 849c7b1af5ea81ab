/** The product as its users meet it: the launcher as a process, config files, and real clients. */
@NullMarked
package io.gojinn.examples;

import org.jspecify.annotations.NullMarked;
