package io.gojinn.proxy.head;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Writes header sections into buffers: assembled in an array of the thread's own and copied out of it once, because a buffer checks
 * each access. Thread-safe.
 */
public final class HeadWriter {
    /** What is copied behind its header section rather than sent from where it is, which takes two buffers. */
    private static final int MOST_COPIED_BYTES = 4 << 10;

    private static final int MOST_KEPT_BYTES = 16 << 10;
    private static final byte[] VERSION = ascii("HTTP/1.1 ");
    private static final byte[] OK = ascii("HTTP/1.1 200 OK\r\n");
    private static final byte[] REQUEST_END = ascii(" HTTP/1.1\r\n");
    private static final FastThreadLocal<byte[]> SCRATCH = new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
            return new byte[MOST_KEPT_BYTES];
        }
    };

    private HeadWriter() {}

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] scratch(int bytes) {
        return bytes <= MOST_KEPT_BYTES ? SCRATCH.get() : new byte[bytes];
    }

    /**
     * A whole response of HTTP/1.1 in one buffer; null when it is none that this writes.
     *
     * @param content what follows the header section; its reader index stays
     */
    public static @Nullable ByteBuf whole(HttpResponse response, ByteBuf content, ByteBufAllocator allocator) {
        int length = content.readableBytes();
        int status = response.status().code();
        if (!(response.headers() instanceof HeadFields fields)
                || length > MOST_COPIED_BYTES
                || status < 200
                || status == 204
                || status == 205
                || fields.contains(HttpHeaderNames.TRANSFER_ENCODING)) {
            return null;
        }
        String reason = response.status().reasonPhrase();
        byte[] head = scratch(VERSION.length + 4 + reason.length() + 2 + fields.encodedLength() + 2);
        int at;
        if (status == 200 && reason.equals(HttpResponseStatus.OK.reasonPhrase())) {
            at = copy(OK, 0, OK.length, head, 0);
        } else {
            at = copy(VERSION, 0, VERSION.length, head, 0);
            at = text(response.status().codeAsText(), head, at);
            head[at++] = ' ';
            at = end(text(reason, head, at), head);
        }
        at = end(fields.write(head, at), head);
        return allocator
                .directBuffer(at + length)
                .writeBytes(head, 0, at)
                .writeBytes(content, content.readerIndex(), length);
    }

    /** A request of HTTP/1.1 without a body; null when it is none that this writes. */
    public static @Nullable ByteBuf whole(HttpRequest request, ByteBufAllocator allocator) {
        String uri = request.uri();
        if (!(request.headers() instanceof HeadFields fields)
                || fields.contains(HttpHeaderNames.TRANSFER_ENCODING)
                || uri.isEmpty()
                || uri.charAt(0) != '/') {
            return null;
        }
        AsciiString method = request.method().asciiName();
        byte[] head = scratch(method.length() + 1 + uri.length() + REQUEST_END.length + fields.encodedLength() + 2);
        int at = text(method, head, 0);
        head[at++] = ' ';
        int uriAt = at;
        at = text(uri, head, at);
        for (int i = uriAt; i < at; i++) {
            if (head[i] <= ' ' || head[i] == 0x7f) {
                return null;
            }
        }
        at = copy(REQUEST_END, 0, REQUEST_END.length, head, at);
        at = end(fields.write(head, at), head);
        return allocator.directBuffer(at).writeBytes(head, 0, at);
    }

    /** Writes fields; false when they are none that this writes. */
    public static boolean fields(HttpHeaders headers, ByteBuf buffer) {
        if (!(headers instanceof HeadFields fields)) {
            return false;
        }
        byte[] lines = scratch(fields.encodedLength());
        buffer.writeBytes(lines, 0, fields.write(lines, 0));
        return true;
    }

    private static int end(int at, byte[] target) {
        target[at] = '\r';
        target[at + 1] = '\n';
        return at + 2;
    }

    static int copy(byte[] source, int from, int to, byte[] target, int at) {
        System.arraycopy(source, from, target, at, to - from);
        return at + to - from;
    }

    /** Writes a byte a character; what has none becomes a question mark, never another character. */
    static int text(CharSequence text, byte[] target, int at) {
        if (text instanceof AsciiString ascii) {
            ascii.copy(0, target, at, ascii.length());
            return at + ascii.length();
        }
        int length = text.length();
        for (int i = 0; i < length; i++) {
            target[at + i] = AsciiString.c2b(text.charAt(i));
        }
        return at + length;
    }
}
