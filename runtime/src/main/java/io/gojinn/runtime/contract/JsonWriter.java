package io.gojinn.runtime.contract;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Writes JSON tokens into memory that grows. Used by one thread for one envelope; it holds the current buffer, whose
 * position is the end of what was written.
 */
final class JsonWriter {
    /** The longest form of one character: {@code \}{@code u001f}. */
    static final int LONGEST_ESCAPE = 6;

    private static final int LEAST_GROWTH = 512;
    private static final int MOST_BYTES = Integer.MAX_VALUE - 8;
    private static final byte[] HEX = Ascii.bytes("0123456789abcdef");

    private final GrowableBuffer growth;
    private ByteBuffer buffer;

    JsonWriter(ByteBuffer target, GrowableBuffer growth) {
        this.buffer = target;
        this.growth = growth;
    }

    ByteBuffer buffer() {
        return buffer;
    }

    /**
     * Makes room for {@code bytes} after the position, and for half as much again as there is when it has to grow, so that
     * an envelope of many escapes is not copied for each of them.
     *
     * @return the buffer to go on with
     */
    ByteBuffer reserve(int bytes) {
        if (buffer.remaining() < bytes) {
            int written = buffer.position();
            int ahead = Math.min(Math.max(LEAST_GROWTH, written >> 1), MOST_BYTES - written);
            buffer = growth.grow(buffer, Math.max(bytes, ahead));
        }
        return buffer;
    }

    /** Writes bytes that are JSON already. */
    void raw(byte[] json) {
        reserve(json.length).put(json);
    }

    void raw(char ascii) {
        reserve(1).put((byte) ascii);
    }

    /** Writes a string; lone surrogates become U+FFFD, since UTF-8 has no form for them. */
    void string(CharSequence text) {
        int length = text.length();
        ByteBuffer out = reserve(length + 2 + LONGEST_ESCAPE);
        int at = out.position();
        out.put(at++, (byte) '"');
        int plain = 0;
        // Nearly always all of it.
        while (plain < length && isPlain(text.charAt(plain))) {
            out.put(at++, (byte) text.charAt(plain++));
        }
        out.position(at);
        for (int i = plain; i < length; i++) {
            if (out.remaining() < LONGEST_ESCAPE) {
                out = reserve(length - i + 1 + LONGEST_ESCAPE);
            }
            char c = text.charAt(i);
            if (c < 0x80) {
                ascii(out, c);
            } else if (Character.isHighSurrogate(c) && i + 1 < length && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
                beyondAscii(out, Character.toCodePoint(c, text.charAt(i)));
            } else {
                beyondAscii(out, Character.isSurrogate(c) ? '\ufffd' : c);
            }
        }
        raw('"');
    }

    private static boolean isPlain(char c) {
        return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
    }

    /** Writes a header name as a string in canonical form: {@code content-type} as {@code Content-Type}. */
    void headerName(CharSequence name) {
        int length = name.length();
        ByteBuffer out = reserve(length + 2 + LONGEST_ESCAPE);
        out.put((byte) '"');
        boolean upper = true;
        for (int i = 0; i < length; i++) {
            if (out.remaining() < LONGEST_ESCAPE) {
                out = reserve(length - i + 1 + LONGEST_ESCAPE);
            }
            char c = name.charAt(i);
            if (c < 0x80) {
                ascii(out, upper ? Ascii.upper(c) : Ascii.lower(c));
            } else {
                beyondAscii(out, Character.isSurrogate(c) ? '\ufffd' : c);
            }
            upper = c == '-';
        }
        raw('"');
    }

    void strings(List<String> texts) {
        raw('[');
        for (int i = 0; i < texts.size(); i++) {
            if (i > 0) {
                raw(',');
            }
            string(texts.get(i));
        }
        raw(']');
    }

    /** Puts one ASCII character as it stands in a string, escaped if need be; there is room for the longest escape. */
    static void ascii(ByteBuffer out, int c) {
        if (c >= 0x20 && c != '"' && c != '\\') {
            out.put((byte) c);
            return;
        }
        out.put((byte) '\\');
        switch (c) {
            case '"', '\\' -> out.put((byte) c);
            case '\b' -> out.put((byte) 'b');
            case '\t' -> out.put((byte) 't');
            case '\n' -> out.put((byte) 'n');
            case '\f' -> out.put((byte) 'f');
            case '\r' -> out.put((byte) 'r');
            default ->
                out.put((byte) 'u')
                        .put((byte) '0')
                        .put((byte) '0')
                        .put(HEX[c >> 4])
                        .put(HEX[c & 0xf]);
        }
    }

    private static void beyondAscii(ByteBuffer out, int codePoint) {
        int position = out.position();
        out.position(position + Utf8.put(out, position, codePoint));
    }
}
