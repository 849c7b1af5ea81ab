package io.gojinn.proxy.listen;

/** Spaces and tabs, and nothing else that is white elsewhere (RFC 9110, 5.6.3). */
final class OptionalWhitespace {
    private OptionalWhitespace() {}

    /** The text without those at its ends. */
    static String strip(String text) {
        int start = 0;
        while (start < text.length() && is(text.charAt(start))) {
            start++;
        }
        return stripTrailing(text.substring(start));
    }

    /** The text without those at its end. */
    static String stripTrailing(String text) {
        int end = text.length();
        while (end > 0 && is(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }

    private static boolean is(char c) {
        return c == ' ' || c == '\t';
    }
}
