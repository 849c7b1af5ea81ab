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

    /** How much of the output a message shows; what is not printable ASCII is masked. */
    private static final int MAX_EXCERPT = 32;

    /** Of the names and values that mean something here. */
    private static final int LONGEST_WORD = 16;

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

    /** Where the next byte is that is no white space, counted from the buffer's position. */
    int offset() {
        peek();
        return at - base;
    }

    /** A violation by what comes next. */
    ContractViolationException violation(String problem) {
        return new ContractViolationException(at - base, problem);
    }

    /** A violation by the string read last. */
    ContractViolationException stringViolation(String expected) {
        return new ContractViolationException(
                stringOffset(), "found " + excerpt(stringStart, stringEnd) + ", expected " + expected);
    }

    /** A violation by what was read from this offset on. */
    ContractViolationException violation(int offset, String expected) {
        return new ContractViolationException(offset, "found " + excerpt(base + offset, at) + ", expected " + expected);
    }

    private String excerpt(int start, int stop) {
        StringBuilder excerpt = new StringBuilder("'");
        for (int i = start; i < stop && i < start + MAX_EXCERPT; i++) {
            int octet = buffer.get(i);
            excerpt.append(octet >= 0x20 && octet < 0x7f ? (char) octet : '?');
        }
        return excerpt.append(stop - start > MAX_EXCERPT ? "'..." : "'").toString();
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

    /** Consumes {@code null} if it comes next. */
    boolean acceptNull() throws ContractViolationException {
        if (peek() != 'n') {
            return false;
        }
        literal("null");
        return true;
    }

    /** Nothing may follow but white space. */
    void expectEnd() throws ContractViolationException {
        if (peek() >= 0) {
            throw unexpected("nothing after the envelope");
        }
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

    /** The string read last, as text; it was checked to be UTF-8. */
    String text() {
        byte[] octets = new byte[stringLength()];
        buffer.get(stringStart, octets);
        return new String(octets, StandardCharsets.UTF_8);
    }

    /** The string read last, or nothing when it is too long to be a name of the contract. */
    String word() {
        return stringLength() > LONGEST_WORD ? "" : text();
    }

    /** Reads a string, unescaping it in place; {@link #stringOffset} and {@link #stringLength} then tell where it is. */
    void string() throws ContractViolationException {
        expect('"');
        stringStart = at;
        int write = at;
        while (true) {
            write = plain(write);
            if (at >= end) {
                throw unexpected("the end of a string");
            }
            int octet = buffer.get(at);
            if (octet == '"') {
                at++;
                stringEnd = write;
                return;
            } else if (octet == '\\') {
                write = unescape(write);
            } else if (octet >= 0) {
                throw unexpected("control characters to be escaped");
            } else {
                write = moveSequences(write);
            }
        }
    }

    /** Moves bytes that need no unescaping until one does or the output ends. Returns where to write next. */
    private int plain(int from) {
        int write = from;
        while (at <= end - PlainText.WORD_BYTES) {
            long word = PlainText.word(buffer, at);
            long marks = PlainText.marks(word);
            int count = PlainText.plainBytes(marks);
            if (at - write >= PlainText.WORD_BYTES || marks == 0) {
                // A whole word may be stored: it reaches no byte that is still to be read.
                if (at != write) {
                    PlainText.putWord(buffer, write, word);
                }
            } else if (at != write) {
                for (int i = 0; i < count; i++) {
                    buffer.put(write + i, buffer.get(at + i));
                }
            }
            at += count;
            write += count;
            if (marks != 0) {
                return write;
            }
        }
        while (at < end) {
            byte octet = buffer.get(at);
            if (octet < 0x20 || octet == '"' || octet == '\\') {
                break;
            }
            buffer.put(write++, octet);
            at++;
        }
        return write;
    }

    /** Moves well-formed sequences until there is ASCII or the output ends. Returns where to write next. */
    private int moveSequences(int from) throws ContractViolationException {
        int write = from;
        while (at < end && buffer.get(at) < 0) {
            int length = Utf8.sequenceLength(buffer, at, end);
            if (length <= 0) {
                throw unexpected("UTF-8");
            }
            if (write != at) {
                for (int i = 0; i < length; i++) {
                    buffer.put(write + i, buffer.get(at + i));
                }
            }
            at += length;
            write += length;
        }
        return write;
    }

    private int unescape(int write) throws ContractViolationException {
        int escaped = at++;
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
            throw violation(escaped - base, "a surrogate pair");
        }
        if (!Character.isHighSurrogate((char) unit)) {
            return write + Utf8.put(buffer, write, unit);
        }
        if (at + 1 >= end || buffer.get(at) != '\\' || buffer.get(at + 1) != 'u') {
            throw unexpected("the second escape of a surrogate pair");
        }
        at += 2;
        int low = hex4();
        if (!Character.isLowSurrogate((char) low)) {
            throw violation(escaped - base, "a surrogate pair");
        }
        return write + Utf8.put(buffer, write, Character.toCodePoint((char) unit, (char) low));
    }

    private int hex4() throws ContractViolationException {
        int value = 0;
        for (int i = 0; i < 4; i++, at++) {
            int digit = at < end ? Ascii.hexDigit(buffer.get(at)) : -1;
            if (digit < 0) {
                throw unexpected("four hexadecimal digits");
            }
            value = value << 4 | digit;
        }
        return value;
    }

    /**
     * Reads a number.
     *
     * @return its value when it is written with at most nine digits and nothing else, -1 when not
     */
    int wholeNumber() throws ContractViolationException {
        peek();
        int start = at;
        number();
        if (at - start > 9) {
            return -1;
        }
        int value = 0;
        for (int i = start; i < at; i++) {
            byte digit = buffer.get(i);
            if (digit < '0' || digit > '9') {
                return -1;
            }
            value = 10 * value + digit - '0';
        }
        return value;
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
        switch (peek()) {
            case '"' -> string();
            case '{' -> skipObject(depth + 1);
            case '[' -> skipArray(depth + 1);
            case 't' -> literal("true");
            case 'f' -> literal("false");
            case 'n' -> literal("null");
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number();
            default -> throw unexpected("a value");
        }
    }

    private void skipObject(int depth) throws ContractViolationException {
        open(depth);
        if (accept('}')) {
            return;
        }
        do {
            string();
            expect(':');
            skip(depth);
        } while (accept(','));
        expect('}');
    }

    private void skipArray(int depth) throws ContractViolationException {
        open(depth);
        if (accept(']')) {
            return;
        }
        do {
            skip(depth);
        } while (accept(','));
        expect(']');
    }

    private void open(int depth) throws ContractViolationException {
        if (depth > MAX_DEPTH) {
            throw violation("found values nested deeper than " + MAX_DEPTH);
        }
        at++;
    }

    private void literal(String word) throws ContractViolationException {
        for (int i = 0; i < word.length(); i++, at++) {
            if (at >= end || buffer.get(at) != word.charAt(i)) {
                throw unexpected(word);
            }
        }
    }
}
