package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.Http2Message;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A stream of an HTTP/2 connection to a target, with the one request it carries (RFC 9113, 8.1).
 *
 * <p>Confined to the event loop of its connection. A response is handed on as it comes; while it is paused it is copied
 * together here and the target's window is not given back, so that at most a window's bytes wait. The header section of a
 * request without a body waits for its end, so that it is one frame.
 */
final class Http2TargetStream implements TargetStream {
    // A response may have so many fields as fit its limit, and a name and a value are at least so long.
    private static final int MAX_FIELDS = 1_000;

    private final Http2TargetConnection connection;

    private @Nullable Http2Stream stream;
    private @Nullable Listener listener;
    private @Nullable Http2Headers head;
    private @Nullable ByteBuf held;
    private @Nullable LastHttpContent heldLast;
    private boolean headRequest;
    private boolean returned;
    private boolean requestSent;
    private boolean responded;
    private boolean resetByTarget;
    private boolean bodiless;
    private boolean paused;
    private boolean handing;
    private long expectedBytes = -1;
    private long begunNanos;
    private boolean hasDeadline;
    private long deadlineNanos;

    Http2TargetStream(Http2TargetConnection connection) {
        this.connection = connection;
    }

    // From the exchange.

    @Override
    public void begin(HttpRequest request, long bodyBytes, Listener told) {
        listener = told;
        begunNanos = System.nanoTime();
        headRequest = request.method().equals(HttpMethod.HEAD);
        head = section(request);
        if (bodyBytes != 0) {
            sendHead(false);
        }
    }

    private Http2Headers section(HttpRequest request) {
        HttpHeaders fields = request.headers();
        Http2Headers section = new DefaultHttp2Headers(false, fields.size() + 4);
        section.method(request.method().asciiName());
        section.scheme(connection.scheme());
        String authority = fields.get(HttpHeaderNames.HOST);
        if (authority != null) {
            section.authority(authority);
        }
        section.path(request.uri());
        Http2Message.copy(fields, section);
        section.remove(HttpHeaderNames.HOST);
        return section;
    }

    private void sendHead(boolean last) {
        Http2Headers section = head;
        if (section == null) {
            return;
        }
        head = null;
        Http2Stream opened = connection.open(this);
        stream = opened;
        if (opened == null) {
            fail(UpstreamFault.CLOSED, "no stream left", Delivery.UNPROCESSED);
        } else {
            connection.writeHeaders(opened, section, last);
        }
    }

    @Override
    public void write(HttpContent content) {
        boolean last = content instanceof LastHttpContent;
        HttpHeaders trailers =
                content instanceof LastHttpContent end ? end.trailingHeaders() : EmptyHttpHeaders.INSTANCE;
        boolean trailed = !trailers.isEmpty();
        boolean empty = !content.content().isReadable();
        requestSent |= last;
        sendHead(last && empty && !trailed && head != null);
        Http2Stream to = stream;
        if (to == null || !connection.isLocalOpen(to)) {
            content.release();
            return;
        }
        if (empty && (trailed || !last)) {
            content.release();
        } else {
            connection.writeData(to, content.content(), last && !trailed);
        }
        if (trailed) {
            connection.writeHeaders(to, Http2Message.trailers(trailers), true);
        }
    }

    @Override
    public void flush() {
        connection.flushSoon();
    }

    @Override
    public boolean isWritable() {
        return stream == null || connection.isWritable(stream);
    }

    @Override
    public void pause(boolean pause) {
        paused = pause;
        if (!pause && !handing && (held != null || heldLast != null)) {
            handHeld();
        }
    }

    private void handHeld() {
        ByteBuf waiting = held;
        Listener told = listener;
        if (told == null) {
            return;
        }
        if (waiting != null) {
            held = null;
            int length = waiting.readableBytes();
            hand(told, waiting);
            connection.consumed(stream, length);
        }
        if (!paused && held == null && heldLast != null) {
            end();
        } else if (listener != null) {
            told.readComplete();
        }
    }

    private void hand(Listener told, ByteBuf piece) {
        handing = true;
        try {
            told.contentReceived(piece);
        } finally {
            handing = false;
        }
    }

    @Override
    public void deadline(long nanoTime) {
        hasDeadline = true;
        deadlineNanos = nanoTime;
        connection.lookAt(nanoTime);
    }

    @Override
    public void noDeadline() {
        hasDeadline = false;
    }

    @Override
    public void cancel() {
        listener = null;
        drop();
        reset(Http2Error.CANCEL);
    }

    private void drop() {
        head = null;
        heldLast = null;
        ByteBuf waiting = held;
        if (waiting != null) {
            held = null;
            // The windows of a stream come back with its end.
            waiting.release();
        }
    }

    private void reset(Http2Error error) {
        if (stream != null) {
            if (!resetByTarget) {
                connection.reset(stream, error);
            }
        } else if (!returned) {
            returned = true;
            connection.returned(this);
        }
    }

    // From the target.

    /** A header section came. */
    void headersReceived(Http2Headers section, boolean endOfStream) {
        Listener told = listener;
        if (told == null) {
            return;
        }
        if (responded) {
            HttpHeaders trailers = Http2Message.trailers(section, MAX_FIELDS);
            if (trailers == null) {
                malformed("malformed trailers");
                return;
            }
            DefaultLastHttpContent last = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
            last.trailingHeaders().set(trailers);
            heldLast = last;
            endUnlessHeld();
            return;
        }
        HttpResponse response = response(section);
        if (response == null) {
            malformed("malformed header section");
            return;
        }
        int status = response.status().code();
        if (status < 200) {
            if (endOfStream || status == 101) {
                malformed("an interim response that ends the stream or switches protocols");
            } else {
                told.responded(response);
            }
            return;
        }
        responded = true;
        bodiless = headRequest || status == 204 || status == 304;
        String length = response.headers().get(HttpHeaderNames.CONTENT_LENGTH);
        expectedBytes = bodiless || length == null ? -1 : Long.parseLong(length);
        if (endOfStream && expectedBytes > 0) {
            // Before anything was passed on: an answer of our own is better than a broken one.
            responded = false;
            malformed("Content-Length is " + expectedBytes + " without a body");
            return;
        }
        told.responded(response);
        if (endOfStream) {
            heldLast = LastHttpContent.EMPTY_LAST_CONTENT;
            endUnlessHeld();
        }
    }

    // Null when it is malformed.
    private static @Nullable HttpResponse response(Http2Headers section) {
        CharSequence status = section.status();
        if (status == null || status.length() != 3 || section.size() > MAX_FIELDS) {
            return null;
        }
        int code = 0;
        for (int i = 0; i < 3; i++) {
            char c = status.charAt(i);
            if (c < '0' || c > '9') {
                return null;
            }
            code = code * 10 + c - '0';
        }
        if (code < 100) {
            return null;
        }
        HttpHeaders headers = Exchange.newHeaders();
        for (Map.Entry<CharSequence, CharSequence> field : section) {
            CharSequence name = field.getKey();
            if (name.charAt(0) == ':') {
                continue;
            }
            if (!Http2Message.isValue(field.getValue())) {
                return null;
            }
            headers.add(name, field.getValue());
        }
        return new DefaultHttpResponse(Http2Message.HTTP_2, HttpResponseStatus.valueOf(code), headers);
    }

    /**
     * A piece of the body, borrowed.
     *
     * @return how many bytes of it are done with
     */
    int dataReceived(ByteBuf data, boolean endOfStream) {
        int length = data.readableBytes();
        Listener told = listener;
        if (told == null) {
            return length;
        }
        if (!responded || (bodiless && length > 0)) {
            malformed(responded ? "a body where none may be" : "a body before a header section");
            return length;
        }
        if (expectedBytes >= 0) {
            expectedBytes -= length;
            if (expectedBytes < 0 || (endOfStream && expectedBytes > 0)) {
                malformed("a body of other length than Content-Length");
                return length;
            }
        }
        if (endOfStream) {
            heldLast = LastHttpContent.EMPTY_LAST_CONTENT;
        }
        if (paused || held != null || handing) {
            // A copy: a slice of a few bytes would hold the whole buffer that they were read into.
            ByteBuf waiting = held == null ? connection.allocator().directBuffer(length) : held;
            held = waiting;
            waiting.writeBytes(data, data.readerIndex(), length);
            return 0;
        }
        if (length > 0) {
            hand(told, data.retain());
        }
        endUnlessHeld();
        return length;
    }

    private void endUnlessHeld() {
        if (heldLast != null && held == null && !paused) {
            end();
        }
    }

    private void end() {
        Listener told = listener;
        LastHttpContent last = heldLast;
        if (told == null || last == null) {
            return;
        }
        if (expectedBytes > 0) {
            malformed("a body shorter than Content-Length");
            return;
        }
        listener = null;
        heldLast = null;
        told.ended(last);
    }

    /** The response is whole: what is left of the request is of no use (RFC 9113, 8.1). */
    void remoteClosed() {
        if (!requestSent || connection.hasPending(stream)) {
            reset(Http2Error.CANCEL);
        }
    }

    void readComplete() {
        if (listener != null && responded) {
            listener.readComplete();
        }
    }

    void writabilityChanged() {
        if (listener != null) {
            listener.targetWritabilityChanged();
        }
    }

    /** The target reset the stream. */
    void resetReceived(long code) {
        // A reset is not answered with one (RFC 9113, 5.4.2).
        resetByTarget = true;
        if (heldLast != null) {
            // The response is whole and waits for its reader; the rest of the request is not wanted.
            return;
        }
        Http2Error error = Http2Error.valueOf(code);
        fail(
                responded ? UpstreamFault.TRUNCATED : UpstreamFault.RESET,
                "the target reset the stream with " + (error == null ? code : error),
                error == Http2Error.REFUSED_STREAM ? Delivery.UNPROCESSED : Delivery.UNKNOWN);
    }

    /** The stream is over, and the response is not whole. */
    void lost(Delivery delivery) {
        if (heldLast == null) {
            fail(responded ? UpstreamFault.TRUNCATED : UpstreamFault.CLOSED, "", delivery);
        }
    }

    /** What the target sent on the stream is no response. */
    void malformed(String detail) {
        fail(responded ? UpstreamFault.TRUNCATED : UpstreamFault.PROTOCOL, detail, Delivery.UNKNOWN);
    }

    private void fail(UpstreamFault fault, String detail, Delivery delivery) {
        Listener told = listener;
        listener = null;
        drop();
        reset(Http2Error.CANCEL);
        if (told != null) {
            told.failed(fault, detail, delivery);
        }
    }

    long begunNanos() {
        return begunNanos;
    }

    /** Fails what has waited for too long, or says when to look again. */
    void expire(long nowNanos) {
        if (listener == null || !hasDeadline) {
            return;
        }
        if (deadlineNanos - nowNanos > 0) {
            connection.lookAt(deadlineNanos);
            return;
        }
        connection.suspect(begunNanos);
        fail(UpstreamFault.RESPONSE_TIMEOUT, "", Delivery.UNKNOWN);
    }
}
