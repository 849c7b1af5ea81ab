package io.gojinn.runtime.contract;

import java.nio.charset.StandardCharsets;

/** ASCII characters and their case, without regard to locale. */
final class Ascii {
    private Ascii() {}

    static byte[] bytes(String ascii) {
        return ascii.getBytes(StandardCharsets.US_ASCII);
    }

    static char lower(char c) {
        return c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
    }

    static char upper(char c) {
        return c >= 'a' && c <= 'z' ? (char) (c & ~0x20) : c;
    }

    static boolean equalsIgnoreCase(CharSequence one, CharSequence other) {
        int length = one.length();
        if (length != other.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (lower(one.charAt(i)) != lower(other.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /** The value of a hexadecimal digit, or -1. */
    static int hexDigit(int c) {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        int letter = c | 0x20;
        return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
    }
}
