package io.gojinn.runtime.contract;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A strict JSON reader (RFC 8259) over a writable buffer that unescapes strings in place: what a string means is never longer
 * than how it was written. Allocates nothing but the strings asked for.
 */
final class JsonCursor {
    /** How deep values may nest; a deeper one would only exhaust the host's stack. */
    private static final int MAX_DEPTH = 64;

    private final ByteBuffer buffer;
    private final int base;
    private final int end;
    private int at;

    // The string read last, unescaped, as absolute indexes.
    private int stringStart;
    private int stringEnd;

    /** Reads from position to limit; neither is moved. */
    JsonCursor(ByteBuffer output) {
        buffer = output.duplicate();
        base = output.position();
        end = output.limit();
        at = base;
    }

    ContractViolationException violation(String problem) {
        return new ContractViolationException(at - base, problem);
    }

    ContractViolationException unexpected(String expected) {
        return violation("found " + found() + ", expected " + expected);
    }

    private String found() {
        if (at >= end) {
            return "the end";
        }
        int octet = buffer.get(at) & 0xff;
        return octet > 0x20 && octet < 0x7f ? "'" + (char) octet + "'" : "0x%02x".formatted(octet);
    }

    /** The next byte that is no white space, not consumed; -1 at the end. */
    int peek() {
        while (at < end) {
            byte octet = buffer.get(at);
            if (octet != ' ' && octet != '\n' && octet != '\r' && octet != '\t') {
                return octet & 0xff;
            }
            at++;
        }
        return -1;
    }

    /** Consumes this byte if it comes next. */
    boolean accept(char wanted) {
        if (peek() == wanted) {
            at++;
            return true;
        }
        return false;
    }

    void expect(char wanted) throws ContractViolationException {
        if (!accept(wanted)) {
            throw unexpected("'" + wanted + "'");
        }
    }

    /** Where the string read last starts, counted from the buffer's position. */
    int stringOffset() {
        return stringStart - base;
    }

    int stringLength() {
        return stringEnd - stringStart;
    }

    /** Reads a string as text. */
    String text(int maxBytes) throws ContractViolationException {
        int start = at;
        string();
        if (stringLength() > maxBytes) {
            at = start;
            throw violation("found a string of " + stringLength() + " bytes, expected at most " + maxBytes);
        }
        byte[] bytes = new byte[stringLength()];
        buffer.get(stringStart, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Reads a string, unescaping it in place; {@link #stringOffset} and {@link #stringLength} then tell where it is. */
    void string() throws ContractViolationException {
        expect('"');
        stringStart = at;
        int write = at;
        while (true) {
            int run = plainRun(at);
            if (write != at && run > 0) {
                buffer.put(write, buffer, at, run);
            }
            write += run;
            at += run;
            if (at >= end) {
                throw unexpected("the end of a string");
            }
            int octet = buffer.get(at) & 0xff;
            if (octet == '"') {
                at++;
                stringEnd = write;
                return;
            } else if (octet == '\\') {
                write = unescape(write);
            } else if (octet < 0x20) {
                throw unexpected("control characters to be escaped");
            } else {
                int length = utf8Length();
                if (write != at) {
                    buffer.put(write, buffer, at, length);
                }
                write += length;
                at += length;
            }
        }
    }

    /** How many bytes from here on are ASCII without quotes, backslashes and control characters. */
    private int plainRun(int from) {
        int index = from;
        while (index + PlainText.WORD_BYTES <= end) {
            long marks = PlainText.marks(PlainText.word(buffer, index));
            if (marks != 0) {
                return index + PlainText.plainBytes(marks) - from;
            }
            index += PlainText.WORD_BYTES;
        }
        while (index < end) {
            byte octet = buffer.get(index);
            if (octet < 0x20 || octet == '"' || octet == '\\') {
                break;
            }
            index++;
        }
        return index - from;
    }

    private int unescape(int write) throws ContractViolationException {
        at++;
        int escape = at < end ? buffer.get(at) : -1;
        int value = switch (escape) {
            case '"', '\\', '/' -> escape;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> -1;
            default -> throw unexpected("an escape such as \\n");
        };
        at++;
        if (value >= 0) {
            buffer.put(write, (byte) value);
            return write + 1;
        }
        int unit = hex4();
        if (Character.isLowSurrogate((char) unit)) {
            throw violation("found a lone low surrogate in an escape");
        }
        if (!Character.isHighSurrogate((char) unit)) {
            return putUtf8(write, unit);
        }
        if (at + 1 >= end || buffer.get(at) != '\\' || buffer.get(at + 1) != 'u') {
            throw unexpected("the second escape of a surrogate pair");
        }
        at += 2;
        int low = hex4();
        if (!Character.isLowSurrogate((char) low)) {
            throw violation("found a lone high surrogate in an escape");
        }
        return putUtf8(write, Character.toCodePoint((char) unit, (char) low));
    }

    private int hex4() throws ContractViolationException {
        int value = 0;
        for (int i = 0; i < 4; i++, at++) {
            int digit = at < end ? Character.digit(buffer.get(at) & 0xff, 16) : -1;
            if (digit < 0) {
                throw unexpected("four hexadecimal digits");
            }
            value = value << 4 | digit;
        }
        return value;
    }

    private int putUtf8(int write, int codePoint) {
        int index = write;
        if (codePoint < 0x80) {
            buffer.put(index++, (byte) codePoint);
        } else if (codePoint < 0x800) {
            buffer.put(index++, (byte) (0xc0 | codePoint >> 6));
            buffer.put(index++, (byte) (0x80 | codePoint & 0x3f));
        } else if (codePoint < 0x1_0000) {
            buffer.put(index++, (byte) (0xe0 | codePoint >> 12));
            buffer.put(index++, (byte) (0x80 | codePoint >> 6 & 0x3f));
            buffer.put(index++, (byte) (0x80 | codePoint & 0x3f));
        } else {
            buffer.put(index++, (byte) (0xf0 | codePoint >> 18));
            buffer.put(index++, (byte) (0x80 | codePoint >> 12 & 0x3f));
            buffer.put(index++, (byte) (0x80 | codePoint >> 6 & 0x3f));
            buffer.put(index++, (byte) (0x80 | codePoint & 0x3f));
        }
        return index;
    }

    /** The length of the well-formed sequence here (Unicode 3.9, table 3-7). */
    private int utf8Length() throws ContractViolationException {
        int lead = buffer.get(at) & 0xff;
        int length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
        if (length == 0 || at + length > end) {
            throw unexpected("UTF-8");
        }
        int second = buffer.get(at + 1) & 0xff;
        int least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        int most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        boolean valid = second >= least && second <= most;
        for (int i = 2; i < length; i++) {
            valid &= (buffer.get(at + i) & 0xc0) == 0x80;
        }
        if (!valid) {
            throw unexpected("UTF-8");
        }
        return length;
    }

    /** Reads an integer without fraction or exponent. */
    int integer() throws ContractViolationException {
        peek();
        int start = at;
        number();
        int length = at - start;
        long value = 0;
        boolean whole = length <= 9;
        for (int i = start; i < at && whole; i++) {
            byte digit = buffer.get(i);
            whole = digit >= '0' && digit <= '9';
            value = 10 * value + digit - '0';
        }
        if (!whole) {
            at = start;
            throw violation("found another number, expected an integer from 200 to 599");
        }
        return (int) value;
    }

    private void number() throws ContractViolationException {
        if (at < end && buffer.get(at) == '-') {
            at++;
        }
        if (at < end && buffer.get(at) == '0') {
            at++;
        } else {
            digits();
        }
        if (at < end && buffer.get(at) == '.') {
            at++;
            digits();
        }
        if (at < end && (buffer.get(at) | 0x20) == 'e') {
            at++;
            if (at < end && (buffer.get(at) == '+' || buffer.get(at) == '-')) {
                at++;
            }
            digits();
        }
    }

    private void digits() throws ContractViolationException {
        int start = at;
        while (at < end && buffer.get(at) >= '0' && buffer.get(at) <= '9') {
            at++;
        }
        if (at == start) {
            throw unexpected("a digit");
        }
    }

    /** Reads any value and forgets it. */
    void skip() throws ContractViolationException {
        skip(0);
    }

    private void skip(int depth) throws ContractViolationException {
        if (depth > MAX_DEPTH) {
            throw violation("found values nested deeper than " + MAX_DEPTH);
        }
        switch (peek()) {
            case '"' -> string();
            case '{' -> {
                at++;
                if (!accept('}')) {
                    do {
                        string();
                        expect(':');
                        skip(depth + 1);
                    } while (accept(','));
                    expect('}');
                }
            }
            case '[' -> {
                at++;
                if (!accept(']')) {
                    do {
                        skip(depth + 1);
                    } while (accept(','));
                    expect(']');
                }
            }
            case 't' -> literal("true");
            case 'f' -> literal("false");
            case 'n' -> literal("null");
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number();
            default -> throw unexpected("a value");
        }
    }

    private void literal(String word) throws ContractViolationException {
        for (int i = 0; i < word.length(); i++, at++) {
            if (at >= end || buffer.get(at) != word.charAt(i)) {
                throw unexpected(word);
            }
        }
    }
}
