package io.gojinn.proxy.http;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A stream of an HTTP/2 connection with the one exchange it carries (RFC 9113, 8.1).
 *
 * <p>Confined to the event loop of its connection. A body is handed to the exchange as it comes while it is wanted; what
 * comes otherwise is copied together here, and the client's window is not given back until it is taken: at most a window's
 * bytes wait. The header section of an answer waits for what follows it, so that an answer without a body is one frame.
 *
 * <p>An answer that ends before the request did is followed by RST_STREAM with NO_ERROR (RFC 9113, 8.1), after a moment in
 * which a client whose body is on its way can end it: what comes of it is dropped, its window kept.
 */
final class Http2ClientStream implements ClientStream {
    private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final Http2Connection connection;
    private final Http2Stream stream;

    private @Nullable Exchange exchange;
    private @Nullable Http2Headers head;
    private @Nullable ByteBuf held;
    private @Nullable LastHttpContent heldLast;
    private boolean handing;
    private boolean inputEnded;
    private boolean requestTold;
    private long inputNanos;
    private long outputNanos;
    private long answeredNanos;

    Http2ClientStream(Http2Connection connection, Http2Stream stream) {
        this.connection = connection;
        this.stream = stream;
        this.inputNanos = System.nanoTime();
        this.outputNanos = inputNanos;
    }

    /** Begins the exchange. */
    void open(Exchange opened, boolean endOfStream) {
        exchange = opened;
        if (endOfStream) {
            inputEnded = true;
            heldLast = LastHttpContent.EMPTY_LAST_CONTENT;
        }
        opened.start();
    }

    // From the client.

    /**
     * A piece of the body, borrowed.
     *
     * @return how many bytes of it are done with; the window of the others comes back when they are, or with the end
     */
    int dataReceived(ByteBuf data, boolean endOfStream) {
        Exchange current = exchange;
        inputNanos = System.nanoTime();
        inputEnded |= endOfStream;
        int length = data.readableBytes();
        if (current == null || current.ended() || current.finished()) {
            return 0;
        }
        if (held == null && !handing && current.wantsBody()) {
            hand(
                    current,
                    endOfStream ? new DefaultLastHttpContent(data.retain()) : new DefaultHttpContent(data.retain()));
            return length;
        }
        if (endOfStream) {
            heldLast = LastHttpContent.EMPTY_LAST_CONTENT;
        }
        // A copy: a slice of a few bytes would hold the whole buffer that they were read into.
        held = held == null ? connection.context().allocator().directBuffer(length) : held;
        held.writeBytes(data, data.readerIndex(), length);
        return 0;
    }

    /** Whether the request is whole. */
    boolean inputEnded() {
        return inputEnded;
    }

    /** The end of the body with these trailers. */
    void trailersReceived(Http2Headers section) {
        Exchange current = exchange;
        inputNanos = System.nanoTime();
        inputEnded = true;
        if (current == null || current.ended() || current.finished()) {
            return;
        }
        HttpHeaders trailers =
                Http2Message.trailers(section, connection.context().settings().headerCount());
        if (trailers == null) {
            refuse(Http2Error.PROTOCOL_ERROR, new Failure.Client(ClientFault.MALFORMED, "malformed trailers"));
            return;
        }
        DefaultLastHttpContent last = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
        last.trailingHeaders().set(trailers);
        heldLast = last;
        resume();
    }

    private void hand(Exchange current, HttpContent content) {
        handing = true;
        try {
            current.bodyReceived(content);
        } finally {
            handing = false;
        }
    }

    @Override
    public void resume() {
        Exchange current = exchange;
        if (handing || current == null) {
            return;
        }
        if (!current.upgrade().isEmpty() && !current.isTunnel()) {
            // Until the tunnel stands there is a request without a body; what comes is kept for the tunnel.
            if (!requestTold && current.wantsBody()) {
                requestTold = true;
                hand(current, LastHttpContent.EMPTY_LAST_CONTENT);
            }
            return;
        }
        // The clock of a client that does not send starts when it is asked to.
        inputNanos = System.nanoTime();
        ByteBuf waiting = held;
        if (waiting != null && current.wantsBody()) {
            held = null;
            int length = waiting.readableBytes();
            hand(current, new DefaultHttpContent(waiting));
            connection.consumed(stream, length);
        }
        LastHttpContent last = heldLast;
        if (held == null && last != null && current.wantsBody()) {
            heldLast = null;
            hand(current, last);
        }
    }

    /** The stream is over, however that came. */
    void closed() {
        Exchange current = exchange;
        if (current != null && !current.ended()) {
            current.clientLeft(ClientFault.ABORTED);
        }
        drop();
    }

    private void drop() {
        if (held != null) {
            held.release();
            held = null;
        }
        heldLast = null;
        head = null;
    }

    /** Ends the stream for what the client did on it, without an answer. */
    void refuse(Http2Error error, Failure.Client failure) {
        if (exchange != null) {
            exchange.refused(failure);
        }
        connection.reset(stream, error);
    }

    /** Ends the stream because the server stops. */
    boolean stop() {
        Exchange current = exchange;
        if (current == null || current.ended()) {
            return false;
        }
        current.stopped();
        return true;
    }

    // To the client.

    @Override
    public void inform(HttpResponseStatus status, HttpHeaders headers) {
        connection.writeHeaders(stream, Http2Message.response(status, headers), false, connection.promise());
        connection.flushSoon();
    }

    @Override
    public void begin(Exchange begun, HttpResponseStatus status, HttpHeaders headers, boolean bodiless) {
        head = Http2Message.response(status, headers);
    }

    @Override
    public void openTunnel(Exchange opened, String protocol, HttpHeaders headers) {
        // RFC 8441, 5: what proves that the handshake was understood is of HTTP/1.1.
        headers.remove(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT);
        connection.writeHeaders(
                stream, Http2Message.response(HttpResponseStatus.OK, headers), false, connection.promise());
        connection.flushSoon();
    }

    private void sendHead() {
        Http2Headers section = head;
        if (section != null) {
            head = null;
            connection.writeHeaders(stream, section, false, connection.promise());
        }
    }

    @Override
    public void write(ByteBuf piece) {
        sendHead();
        outputPending();
        connection.writeData(stream, piece, false, connection.promise());
    }

    @Override
    public void flush() {
        sendHead();
        connection.flushSoon();
    }

    @Override
    public void finish(Exchange finished, LastHttpContent last) {
        ChannelPromise sent = connection.promise();
        sent.addListener(done -> answered(finished, done.isSuccess()));
        outputPending();
        HttpHeaders trailers = last.trailingHeaders();
        Http2Headers section = head;
        boolean empty = !last.content().isReadable();
        if (empty && trailers.isEmpty() && section != null) {
            head = null;
            last.release();
            connection.writeHeaders(stream, section, true, sent);
        } else {
            sendHead();
            if (trailers.isEmpty()) {
                connection.writeData(stream, last.content(), true, sent);
            } else {
                if (empty) {
                    last.release();
                } else {
                    connection.writeData(stream, last.content(), false, connection.promise());
                }
                connection.writeHeaders(stream, Http2Message.trailers(trailers), true, sent);
            }
        }
        connection.flushSoon();
    }

    // The last frame was handed to the kernel, or never will be.
    private void answered(Exchange finished, boolean sent) {
        if (!sent) {
            finished.clientLeft(ClientFault.ABORTED);
            return;
        }
        if (finished.isTunnel()) {
            finished.outputClosed();
            return;
        }
        finished.end();
        drop();
        answeredNanos = System.nanoTime();
        if (!inputEnded) {
            connection.lookAt(answeredNanos + LINGER_NANOS);
        }
    }

    @Override
    public boolean isWritable() {
        return connection.isWritable(stream);
    }

    void writabilityChanged() {
        if (exchange != null) {
            exchange.writabilityChanged();
        }
    }

    @Override
    public void abort() {
        boolean tunnel = exchange != null && exchange.isTunnel();
        // RFC 8441, 5.1, by way of RFC 9113, 8.5
        connection.reset(stream, tunnel ? Http2Error.CONNECT_ERROR : Http2Error.INTERNAL_ERROR);
    }

    @Override
    public void closeAfter() {
        // Streams are framed apart: one says nothing of another.
    }

    // Time.

    @Override
    public void watchBody(long nanoTime) {
        connection.lookAt(nanoTime);
    }

    // The clock of a client that does not read starts when there is something to be read.
    private void outputPending() {
        if (!connection.hasPending(stream)) {
            outputNanos = System.nanoTime();
        }
    }

    /** A frame of the body was written. */
    void wrote() {
        outputNanos = System.nanoTime();
    }

    /** Ends what the client has kept waiting for too long, or says when to look again. */
    void expire(long nowNanos, long limitNanos) {
        Exchange current = exchange;
        if (current == null || (current.isTunnel() && !current.ended())) {
            return;
        }
        if (current.ended()) {
            expireAnswered(nowNanos);
            return;
        }
        if (!inputEnded && current.awaitsClient()) {
            if (nowNanos - inputNanos >= limitNanos) {
                current.fail(new Failure.Client(ClientFault.BODY_TIMEOUT, ""));
                return;
            }
            connection.lookAt(inputNanos + limitNanos);
            current.expireBody(nowNanos);
            if (current.ended()) {
                return;
            }
        }
        if (connection.hasPending(stream)) {
            if (nowNanos - outputNanos >= limitNanos) {
                current.clientLeft(ClientFault.STALLED);
                connection.reset(stream, Http2Error.CANCEL);
                return;
            }
            connection.lookAt(outputNanos + limitNanos);
        }
    }

    private void expireAnswered(long nowNanos) {
        if (inputEnded) {
            return;
        }
        if (nowNanos - answeredNanos >= LINGER_NANOS) {
            connection.reset(stream, Http2Error.NO_ERROR);
        } else {
            connection.lookAt(answeredNanos + LINGER_NANOS);
        }
    }
}
