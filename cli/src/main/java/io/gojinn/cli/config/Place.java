package io.gojinn.cli.config;

/**
 * Where something stands in a config file.
 *
 * @param key the dotted key, printable; empty for the file's root
 */
record Place(String key, int line, int column) {
    /** The whole file. */
    static final Place FILE = new Place("", 0, 0);

    /** A key below this one. */
    Place below(String name, int line, int column) {
        String printable = Shown.key(name);
        return new Place(key.isEmpty() ? printable : key + "." + printable, line, column);
    }

    /** A key that is not there but should be: named in full, positioned at the table that lacks it. */
    Place missing(String name) {
        return below(name, line, column);
    }

    /** An entry of the array at this key. */
    Place entry(int index, int line, int column) {
        return new Place(key + "[" + index + "]", line, column);
    }
}
