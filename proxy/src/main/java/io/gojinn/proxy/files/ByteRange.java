package io.gojinn.proxy.files;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a client wants of a file (RFC 9110, 14). */
sealed interface ByteRange {
    /** All of it: no range was asked for, or none that is understood. Several ranges are answered so too, as 14.2 allows. */
    record Whole() implements ByteRange {}

    /** Bytes that are not there (RFC 9110, 15.5.17). */
    record Unsatisfiable() implements ByteRange {}

    /** These bytes, the last one included. */
    record Part(long first, long last) implements ByteRange {
        long length() {
            return last - first + 1;
        }
    }

    /** Reads the values of {@code Range}, for a file of this size. */
    static ByteRange of(List<String> fields, long size) {
        if (fields.size() != 1) {
            return new Whole();
        }
        String field = fields.getFirst().strip();
        if (!field.toLowerCase(Locale.ROOT).startsWith("bytes=")) {
            return new Whole();
        }
        List<String> ranges = new ArrayList<>();
        for (String range : field.substring(6).split(",", 3)) {
            if (!range.isBlank()) {
                ranges.add(range.strip());
            }
        }
        return ranges.size() == 1 ? one(ranges.getFirst(), size) : new Whole();
    }

    private static ByteRange one(String range, long size) {
        int dash = range.indexOf('-');
        if (dash < 0
                || !isNumber(range, 0, dash)
                || !isNumber(range, dash + 1, range.length())
                || range.length() == 1) {
            return new Whole();
        }
        if (dash == 0) {
            long length = number(range.substring(1));
            return length == 0 || size == 0 ? new Unsatisfiable() : new Part(Math.max(0, size - length), size - 1);
        }
        long first = number(range.substring(0, dash));
        long last = dash == range.length() - 1 ? Long.MAX_VALUE : number(range.substring(dash + 1));
        if (last < first) {
            return new Whole();
        }
        return first >= size ? new Unsatisfiable() : new Part(first, Math.min(last, size - 1));
    }

    private static boolean isNumber(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    // As large as can be told, for more digits than that.
    private static long number(String digits) {
        int zeros = 0;
        while (zeros < digits.length() - 1 && digits.charAt(zeros) == '0') {
            zeros++;
        }
        String significant = digits.substring(zeros);
        return significant.length() > 18 ? Long.MAX_VALUE : Long.parseLong(significant);
    }
}
