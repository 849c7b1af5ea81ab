package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.UpstreamFault;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;

/**
 * What carries one request to a target and its response back: a turn of an HTTP/1.1 connection, or a stream of HTTP/2.
 *
 * <p>Taken from a {@link TargetPool} by one exchange, on the event loop of both, and called in the order of a message: {@link
 * #begin}, {@link #write} up to the last content. It is over with {@link Listener#ended}, {@link Listener#failed} or {@link
 * #cancel}, whichever comes first: it tells nothing afterwards, and nobody calls it. Framing, and what becomes of the
 * connection, are this side's.
 */
interface TargetStream {
    /**
     * Writes the header section; {@link #flush} sends it.
     *
     * @param head owned; without fields that belong to a connection
     * @param bodyBytes the length of the body, 0 without one, -1 when it is not known beforehand
     * @param listener is told of the response, from now on
     */
    void begin(HttpRequest head, long bodyBytes, Listener listener);

    /** Writes a piece of the body, the last one with its trailers where the target can take them. Owns it. */
    void write(HttpContent content);

    /** Sends what was written. */
    void flush();

    /** Whether more of the body can be written without piling up. */
    boolean isWritable();

    /** Stops or resumes the flow of the response; it flows from the beginning. */
    void pause(boolean paused);

    /**
     * Agrees to the upgrade that a response of status 101 has just agreed to: what follows it are bytes without framing, each
     * direction of which ends by itself. {@link Listener#ended} then tells the end of one, and {@link #cancel} is still to
     * be called; the last content written closes the other.
     *
     * @param through is told from now on
     */
    default void openTunnel(Listener through) {
        throw new IllegalStateException("no upgrade can be asked for on this connection");
    }

    /** Sets or moves the deadline of what the target is to do next, in terms of {@link System#nanoTime}. */
    void deadline(long nanoTime);

    /** Removes the deadline. */
    void noDeadline();

    /** Gives the request up, or the stream back when none was begun. */
    void cancel();

    /** What is told of a response, on the event loop. */
    interface Listener {
        /** A header section came: any number of interim ones, then that of the response. */
        void responded(HttpResponse response);

        /** A piece of the body came. Owns it. */
        void contentReceived(ByteBuf piece);

        /** The response is whole; the last piece may have content and trailers. Owns it. */
        void ended(LastHttpContent last);

        /** What came at once was told. */
        void readComplete();

        /** {@link TargetStream#isWritable} has changed. */
        void targetWritabilityChanged();

        /** There will be no whole response. */
        void failed(UpstreamFault fault, String detail, Delivery delivery);
    }

    /** What is known of a request that failed: whether it can do harm to send it again. */
    enum Delivery {
        /** The target has not acted on it: it was never written, or the target said so (RFC 9113, 8.7). */
        UNPROCESSED,
        /**
         * It was sent on a connection that had been used before and ended without a byte of an answer: most likely the
         * target closed it just as it was taken (RFC 9112, 9.3.1).
         */
        STALE,
        /** The target may have acted on it. */
        UNKNOWN
    }
}
