package io.gojinn.proxy.head;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads header sections that are whole and plain: those that every recipient reads in the same way. Whatever else comes, also what is
 * merely unusual, is left where it is, for a decoder that knows all of it; so nothing is refused here, and nothing guessed.
 *
 * <p>Plain is HTTP/1.1 with a line end of CR LF, one space between the words of the first line, and fields of {@code name: value} with
 * one space, a token (RFC 9110, 5.6.2) and one or more printable ASCII characters, tabs and spaces that neither begin nor end with a
 * tab or space. None is named Transfer-Encoding, Upgrade or as one of the handshakes of WebSocket, and at most one Content-Length,
 * which has digits alone. Confined to one connection.
 */
public final class HeadReader {
    private static final int MOST_BYTES = 8 << 10;
    private static final int MOST_FIELDS = 100;
    // Most heads are shorter, so most of what follows one is not copied.
    private static final int FIRST_BYTES = 1 << 10;
    private static final int MOST_LENGTH_DIGITS = 18;

    private static final byte TOKEN = 1;
    private static final byte VALUE = 2;
    private static final byte TARGET = 4;
    private static final byte[] CLASSES = classes();
    private static final byte[] VERSION = "HTTP/1.1".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONTENT_LENGTH = "content-length".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TRANSFER_ENCODING = "transfer-encoding".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] UPGRADE = "upgrade".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] WEBSOCKET = "sec-websocket-".getBytes(StandardCharsets.US_ASCII);

    /** What a thread reads in: the bytes of a head, and where its lines begin, their names end and they end. */
    private static final class Scratch {
        final byte[] bytes = new byte[MOST_BYTES];
        final int[] lines = new int[3 * MOST_FIELDS];
    }

    private static final FastThreadLocal<Scratch> SCRATCH = new FastThreadLocal<>() {
        @Override
        protected Scratch initialValue() {
            return new Scratch();
        }
    };

    private final int mostBytes;
    private final int mostFields;
    // Of the head that was read last.
    private long contentLength;
    private int end;
    private int fields;

    /**
     * For one connection.
     *
     * @param mostBytes of a header section with its first line; a longer one is not read
     * @param mostFields of a header section; one with more is not read
     */
    public HeadReader(int mostBytes, int mostFields) {
        this.mostBytes = Math.min(mostBytes, MOST_BYTES);
        this.mostFields = Math.min(mostFields, MOST_FIELDS);
    }

    private static byte[] classes() {
        byte[] classes = new byte[256];
        for (int c = ' '; c < 0x7f; c++) {
            classes[c] = (byte) (VALUE | (c == ' ' ? 0 : TARGET));
        }
        classes['\t'] = VALUE;
        for (char c : "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".toCharArray()) {
            classes[c] |= TOKEN;
        }
        return classes;
    }

    /** Content-Length of the head that was read last, -1 when it had none. */
    public long contentLength() {
        return contentLength;
    }

    /** Takes a request's header section from the buffer; null when none is there that is whole and plain, and nothing is taken. */
    public @Nullable HttpRequest request(ByteBuf in) {
        Scratch scratch = SCRATCH.get();
        for (int some = FIRST_BYTES; ; some = MOST_BYTES) {
            int length = fill(scratch, in, some);
            HttpRequest request = request(scratch, length);
            if (request != null) {
                in.skipBytes(end);
                return request;
            }
            if (some == MOST_BYTES || length < some) {
                return null;
            }
        }
    }

    /** Takes a final response's header section from the buffer, as {@link #request}: one that tells the length of its body. */
    public @Nullable HttpResponse response(ByteBuf in) {
        Scratch scratch = SCRATCH.get();
        for (int some = FIRST_BYTES; ; some = MOST_BYTES) {
            int length = fill(scratch, in, some);
            HttpResponse response = response(scratch, length);
            if (response != null) {
                in.skipBytes(end);
                return response;
            }
            if (some == MOST_BYTES || length < some) {
                return null;
            }
        }
    }

    private int fill(Scratch scratch, ByteBuf in, int some) {
        int length = Math.min(in.readableBytes(), Math.min(some, mostBytes));
        in.getBytes(in.readerIndex(), scratch.bytes, 0, length);
        return length;
    }

    private @Nullable HttpRequest request(Scratch scratch, int length) {
        byte[] bytes = scratch.bytes;
        int methodEnd = skip(bytes, 0, length, TOKEN);
        int targetEnd = skip(bytes, methodEnd + 1, length, TARGET);
        int lineEnd = targetEnd + 1 + VERSION.length;
        if (methodEnd == 0
                || targetEnd <= methodEnd + 1
                || lineEnd + 2 > length
                || bytes[methodEnd] != ' '
                || bytes[targetEnd] != ' '
                || !isVersion(bytes, targetEnd + 1)
                || !isLineEnd(bytes, lineEnd)
                || !readFields(scratch, lineEnd + 2, length)) {
            return null;
        }
        return new DefaultHttpRequest(
                HttpVersion.HTTP_1_1,
                method(bytes, methodEnd),
                text(bytes, methodEnd + 1, targetEnd),
                fields(scratch, lineEnd + 2));
    }

    private @Nullable HttpResponse response(Scratch scratch, int length) {
        byte[] bytes = scratch.bytes;
        int codeAt = VERSION.length + 1;
        int reasonAt = codeAt + 4;
        if (reasonAt > length || !isVersion(bytes, 0) || bytes[VERSION.length] != ' ' || bytes[codeAt + 3] != ' ') {
            return null;
        }
        int code = 0;
        for (int i = codeAt; i < codeAt + 3; i++) {
            if (bytes[i] < '0' || bytes[i] > '9') {
                return null;
            }
            code = 10 * code + bytes[i] - '0';
        }
        int lineEnd = skip(bytes, reasonAt, length, VALUE);
        if (code < 200
                || code > 599
                || code == 204
                || code == 205
                || code == 304
                || lineEnd == reasonAt
                || lineEnd + 2 > length
                || isSpace(bytes[reasonAt])
                || isSpace(bytes[lineEnd - 1])
                || !isLineEnd(bytes, lineEnd)
                || !readFields(scratch, lineEnd + 2, length)
                || contentLength < 0) {
            return null;
        }
        return new DefaultHttpResponse(
                HttpVersion.HTTP_1_1, status(code, bytes, reasonAt, lineEnd), fields(scratch, lineEnd + 2));
    }

    private static HttpResponseStatus status(int code, byte[] bytes, int reasonAt, int lineEnd) {
        HttpResponseStatus known = HttpResponseStatus.valueOf(code);
        String reason = known.reasonPhrase();
        boolean same = reason.length() == lineEnd - reasonAt;
        for (int i = 0; same && i < reason.length(); i++) {
            same = reason.charAt(i) == bytes[reasonAt + i];
        }
        return same ? known : new HttpResponseStatus(code, text(bytes, reasonAt, lineEnd));
    }

    private static HttpMethod method(byte[] bytes, int end) {
        if (end == 3 && bytes[0] == 'G' && bytes[1] == 'E' && bytes[2] == 'T') {
            return HttpMethod.GET;
        }
        return HttpMethod.valueOf(text(bytes, 0, end));
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }

    // Where the characters of a class end.
    private static int skip(byte[] bytes, int from, int length, byte wanted) {
        int at = from;
        while (at < length && (CLASSES[bytes[at] & 0xff] & wanted) != 0) {
            at++;
        }
        return at;
    }

    private static boolean isVersion(byte[] bytes, int at) {
        return Arrays.equals(bytes, at, at + VERSION.length, VERSION, 0, VERSION.length);
    }

    private static boolean isLineEnd(byte[] bytes, int at) {
        return bytes[at] == '\r' && bytes[at + 1] == '\n';
    }

    // Finds the lines of the fields and the end of the section.
    private boolean readFields(Scratch scratch, int from, int length) {
        byte[] bytes = scratch.bytes;
        int[] lines = scratch.lines;
        contentLength = -1;
        fields = 0;
        int line = from;
        while (line + 2 <= length) {
            if (bytes[line] == '\r') {
                end = line + 2;
                return bytes[line + 1] == '\n';
            }
            int nameEnd = skip(bytes, line, length, TOKEN);
            int value = nameEnd + 2;
            int valueEnd = skip(bytes, value, length, VALUE);
            if (nameEnd == line
                    || valueEnd <= value
                    || valueEnd + 2 > length
                    || bytes[nameEnd] != ':'
                    || bytes[nameEnd + 1] != ' '
                    || isSpace(bytes[value])
                    || isSpace(bytes[valueEnd - 1])
                    || !isLineEnd(bytes, valueEnd)
                    || fields == mostFields
                    || !isPlain(bytes, line, nameEnd, valueEnd)) {
                return false;
            }
            lines[3 * fields] = line - from;
            lines[3 * fields + 1] = nameEnd - from;
            lines[3 * fields + 2] = valueEnd + 2 - from;
            fields++;
            line = valueEnd + 2;
        }
        return false;
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t';
    }

    // Whether the field says nothing of how the message ends but the number of its bytes.
    private boolean isPlain(byte[] bytes, int line, int nameEnd, int valueEnd) {
        return switch (bytes[line]) {
            case 'C', 'c' -> !isNamed(CONTENT_LENGTH, bytes, line, nameEnd) || readLength(bytes, nameEnd + 2, valueEnd);
            case 'T', 't' -> !isNamed(TRANSFER_ENCODING, bytes, line, nameEnd);
            case 'U', 'u' -> !isNamed(UPGRADE, bytes, line, nameEnd);
            case 'S', 's' -> !isNamed(WEBSOCKET, bytes, line, Math.min(nameEnd, line + WEBSOCKET.length));
            default -> true;
        };
    }

    private static boolean isNamed(byte[] lowerCase, byte[] bytes, int from, int to) {
        if (to - from != lowerCase.length) {
            return false;
        }
        for (int i = 0; i < lowerCase.length; i++) {
            // A token has no character that this makes a letter or a dash of but those.
            if ((bytes[from + i] | 0x20) != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }

    private boolean readLength(byte[] bytes, int from, int to) {
        if (contentLength >= 0 || to - from > MOST_LENGTH_DIGITS) {
            return false;
        }
        long length = 0;
        for (int i = from; i < to; i++) {
            if (bytes[i] < '0' || bytes[i] > '9') {
                return false;
            }
            length = 10 * length + bytes[i] - '0';
        }
        contentLength = length;
        return true;
    }

    private HeadFields fields(Scratch scratch, int from) {
        HeadFields read = new HeadFields(Arrays.copyOfRange(scratch.bytes, from, end - 2), fields);
        for (int i = 0; i < fields; i++) {
            read.received(scratch.lines[3 * i], scratch.lines[3 * i + 1], scratch.lines[3 * i + 2]);
        }
        return read;
    }
}
