/**
 * Reads {@code proxy.toml} into immutable records, and reports every problem at once with its place in the file.
 *
 * <p>Three passes: {@link io.gojinn.cli.config.ConfigSchema} describes the keys, from which values are decoded and the
 * reference is written; {@link io.gojinn.cli.config.CrossChecks} compares decoded tables with one another and with the
 * disk; {@link io.gojinn.cli.config.ConfigAssembler} builds the records, only when nothing is wrong.
 */
@NullMarked
package io.gojinn.cli.config;

import org.jspecify.annotations.NullMarked;
