package io.gojinn.cli.config;

import org.jspecify.annotations.Nullable;

/**
 * One thing that is wrong with a config file. Values that came from a placeholder appear as the placeholder.
 *
 * @param file as the operator named it
 * @param line counted from 1; 0 when the file as a whole is meant
 * @param column counted from 1; 0 when the file as a whole is meant
 * @param key the dotted key, entries of arrays counted from 0; empty for a syntax error
 * @param found the offending value or state, as it is printed
 * @param expected what would be accepted
 * @param suggestion the nearest acceptable spelling, or null
 */
public record Problem(
        String file,
        int line,
        int column,
        String key,
        String found,
        String expected,
        @Nullable String suggestion) {

    /** One line: where, what was found, what was expected. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(file);
        if (line > 0) {
            text.append(':').append(line).append(':').append(column);
        }
        text.append(": ");
        if (!key.isEmpty()) {
            text.append(key).append(": ");
        }
        text.append("found ").append(found).append(", expected ").append(expected);
        if (suggestion != null) {
            text.append("; did you mean ").append(Shown.quoted(suggestion)).append('?');
        }
        return text.toString();
    }
}
