package io.gojinn.cli.config;

/**
 * A decoded value that remembers its place, for checks that compare it with others.
 *
 * @param shown the value as written, fit for a message
 */
record Sited<T>(T value, String shown, Place place) {}
