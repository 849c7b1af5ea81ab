package io.gojinn.cli.config;

/** One value of the parsed file with its place, before it has a type. */
record Node(Place place, Object value) {
    String shown() {
        return Shown.value(value);
    }
}
