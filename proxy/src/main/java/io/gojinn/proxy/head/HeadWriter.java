package io.gojinn.proxy.head;

import io.gojinn.proxy.transport.DirectWrite;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Writes header sections, and small messages whole: assembled in an array of the thread's own and copied out of it once, because a
 * buffer checks each access. Thread-safe.
 */
public final class HeadWriter {
    /** What is copied behind its header section rather than sent from where it is, which takes two buffers. */
    private static final int MOST_COPIED_BYTES = 4 << 10;

    /** Of a field around its value: colon and space, and the end of the line. */
    static final int AROUND = 4;

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
     * Writes a whole response of HTTP/1.1 as one message.
     *
     * @param ctx of the codec
     * @param content what follows the header section; stays the caller's
     * @return false when it is none that this writes; then nothing was
     */
    public static boolean write(
            ChannelHandlerContext ctx, HttpResponse response, ByteBuf content, ChannelPromise promise) {
        HttpHeaders headers = response.headers();
        int status = response.status().code();
        if (content.readableBytes() > MOST_COPIED_BYTES
                || status < 200
                || status == 204
                || status == 205
                || headers.contains(HttpHeaderNames.TRANSFER_ENCODING)) {
            return false;
        }
        String reason = response.status().reasonPhrase();
        byte[] head = scratch(VERSION.length + 4 + reason.length() + 2 + encodedLength(headers) + 2);
        int at;
        if (status == 200 && reason.equals(HttpResponseStatus.OK.reasonPhrase())) {
            at = copy(OK, 0, OK.length, head, 0);
        } else {
            at = copy(VERSION, 0, VERSION.length, head, 0);
            at = text(response.status().codeAsText(), head, at);
            head[at++] = ' ';
            at = end(text(reason, head, at), head);
        }
        at = end(fields(headers, head, at), head);
        DirectWrite.write(ctx, head, at, content, promise);
        return true;
    }

    /** Writes a request of HTTP/1.1 without a body as one message, by the codec's context; false when it is none that this writes. */
    public static boolean write(ChannelHandlerContext ctx, HttpRequest request, ChannelPromise promise) {
        HttpHeaders headers = request.headers();
        String uri = request.uri();
        if (headers.contains(HttpHeaderNames.TRANSFER_ENCODING) || uri.isEmpty() || uri.charAt(0) != '/') {
            return false;
        }
        AsciiString method = request.method().asciiName();
        byte[] head = scratch(method.length() + 1 + uri.length() + REQUEST_END.length + encodedLength(headers) + 2);
        int at = text(method, head, 0);
        head[at++] = ' ';
        int uriAt = at;
        at = text(uri, head, at);
        for (int i = uriAt; i < at; i++) {
            if (head[i] <= ' ' || head[i] == 0x7f) {
                return false;
            }
        }
        at = copy(REQUEST_END, 0, REQUEST_END.length, head, at);
        at = end(fields(headers, head, at), head);
        DirectWrite.write(ctx, head, at, Unpooled.EMPTY_BUFFER, promise);
        return true;
    }

    /** Writes fields into a buffer. */
    public static void fields(HttpHeaders headers, ByteBuf buffer) {
        byte[] lines = scratch(encodedLength(headers));
        buffer.writeBytes(lines, 0, fields(headers, lines, 0));
    }

    private static int encodedLength(HttpHeaders headers) {
        if (headers instanceof HeadFields fields) {
            return fields.encodedLength();
        }
        int length = 0;
        for (var fields = headers.iteratorCharSequence(); fields.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> field = fields.next();
            length += field.getKey().length() + field.getValue().length() + AROUND;
        }
        return length;
    }

    private static int fields(HttpHeaders headers, byte[] target, int from) {
        if (headers instanceof HeadFields fields) {
            return fields.write(target, from);
        }
        int at = from;
        for (var fields = headers.iteratorCharSequence(); fields.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> field = fields.next();
            at = field(field.getKey(), field.getValue(), target, at);
        }
        return at;
    }

    /** Writes {@code name: value\r\n}. */
    static int field(CharSequence name, CharSequence value, byte[] target, int from) {
        int at = text(name, target, from);
        target[at++] = ':';
        target[at++] = ' ';
        return end(text(value, target, at), target);
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
