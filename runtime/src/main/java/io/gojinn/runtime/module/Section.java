package io.gojinn.runtime.module;

/**
 * A section as it lies in the binary (core specification, 5.5.2).
 *
 * @param id 0 for a custom section
 * @param start where its id byte is
 * @param payload where its contents start
 * @param items where its first item starts, after the count; equal to {@code payload} where there is none
 * @param count how many items it says to hold
 * @param end the first byte after it
 */
record Section(int id, int start, int payload, int items, int count, int end) {
    static final int CUSTOM = 0;
    static final int TYPE = 1;
    static final int IMPORT = 2;
    static final int FUNCTION = 3;
    static final int TABLE = 4;
    static final int MEMORY = 5;
    static final int GLOBAL = 6;
    static final int EXPORT = 7;
    static final int START = 8;
    static final int ELEMENT = 9;
    static final int CODE = 10;
    static final int DATA = 11;
    static final int DATA_COUNT = 12;
    static final int TAG = 13;

    /** The order in which sections must follow each other; the data count comes before the code it serves. */
    static int order(int id) {
        return switch (id) {
            case TYPE -> 1;
            case IMPORT -> 2;
            case FUNCTION -> 3;
            case TABLE -> 4;
            case MEMORY -> 5;
            case GLOBAL -> 6;
            case EXPORT -> 7;
            case START -> 8;
            case ELEMENT -> 9;
            case DATA_COUNT -> 10;
            case CODE -> 11;
            case DATA -> 12;
            default -> throw new IllegalArgumentException("section id " + id);
        };
    }

    static String name(int id) {
        return switch (id) {
            case CUSTOM -> "custom";
            case TYPE -> "type";
            case IMPORT -> "import";
            case FUNCTION -> "function";
            case TABLE -> "table";
            case MEMORY -> "memory";
            case GLOBAL -> "global";
            case EXPORT -> "export";
            case START -> "start";
            case ELEMENT -> "element";
            case DATA_COUNT -> "data count";
            case CODE -> "code";
            case DATA -> "data";
            default -> "module";
        };
    }
}
