package io.gojinn.proxy.http;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;

/**
 * Encodes fields as HTTP/1.1 has them (RFC 9112, 5), in an array of the thread and from there into the buffer at once: a
 * buffer outside the heap takes a call with checks for each of the four parts of each line.
 */
public final class FieldLines {
    private static final int MOST_KEPT_BYTES = 16 << 10;

    private static final FastThreadLocal<FieldLines> OF_THREAD = new FastThreadLocal<>() {
        @Override
        protected FieldLines initialValue() {
            return new FieldLines();
        }
    };

    private byte[] lines = new byte[1 << 10];
    private int end;

    private FieldLines() {}

    /**
     * Appends a line for each field.
     *
     * @param fields checked before, so that no value ends its line; what is not of ISO 8859-1 becomes a question mark
     */
    public static void encode(HttpHeaders fields, ByteBuf buffer) {
        OF_THREAD.get().append(fields, buffer);
    }

    private void append(HttpHeaders fields, ByteBuf buffer) {
        end = 0;
        for (Iterator<Map.Entry<CharSequence, CharSequence>> all = fields.iteratorCharSequence(); all.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> field = all.next();
            CharSequence name = field.getKey();
            CharSequence value = field.getValue();
            ensureRoom(name.length() + value.length() + 4);
            add(name);
            lines[end++] = ':';
            lines[end++] = ' ';
            add(value);
            lines[end++] = '\r';
            lines[end++] = '\n';
        }
        buffer.writeBytes(lines, 0, end);
        if (lines.length > MOST_KEPT_BYTES) {
            lines = new byte[MOST_KEPT_BYTES];
        }
    }

    private void add(CharSequence text) {
        int length = text.length();
        if (text instanceof AsciiString ascii) {
            System.arraycopy(ascii.array(), ascii.arrayOffset(), lines, end, length);
        } else {
            for (int i = 0; i < length; i++) {
                lines[end + i] = AsciiString.c2b(text.charAt(i));
            }
        }
        end += length;
    }

    private void ensureRoom(int bytes) {
        if (lines.length - end < bytes) {
            lines = Arrays.copyOf(lines, Math.max(2 * lines.length, end + bytes));
        }
    }
}
