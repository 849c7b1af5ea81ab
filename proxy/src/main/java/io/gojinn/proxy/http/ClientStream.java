package io.gojinn.proxy.http;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;

/**
 * What carries one exchange to and from its client: a turn of an HTTP/1.1 connection, or a stream of HTTP/2.
 *
 * <p>Called by its exchange only, on the event loop, in the order of a message: {@link #inform} any number of times, {@link
 * #begin}, {@link #write} any number of times, {@link #finish}. Framing and fields of the connection are this side's: what
 * it is given holds neither. Every buffer handed to it is released in every outcome.
 */
interface ClientStream {
    /** Sends an interim answer at once. */
    void inform(HttpResponseStatus status, HttpHeaders headers);

    /**
     * Sends a header section.
     *
     * @param headers owned; a Content-Length tells the length of the body where it is known
     * @param bodiless whether no body follows, whatever the fields say (RFC 9112, 6.3)
     */
    void begin(Exchange exchange, HttpResponseStatus status, HttpHeaders headers, boolean bodiless);

    /** Sends a piece of the body with the next flush. Owns it. */
    void write(ByteBuf piece);

    /** Sends what was written. */
    void flush();

    /** Sends the last piece with its trailers at once. Owns it. The exchange is ended when that was sent. */
    void finish(Exchange exchange, LastHttpContent last);

    /**
     * Agrees to an upgrade: from now on the two halves of the exchange are bytes without framing, which end one by one.
     * Nothing of what the client sent behind its request was looked at before.
     *
     * @param headers owned; without fields of a connection
     */
    void openTunnel(Exchange exchange, String protocol, HttpHeaders headers);

    /** Whether more can be written without piling up; a change is told to the exchange. */
    boolean isWritable();

    /** The exchange wants more of the body, or none for now. */
    void resume();

    /** Asks for {@link Exchange#expireBody} at this time, in terms of {@link System#nanoTime}; a later question replaces an earlier one. */
    void watchBody(long nanoTime);

    /** Ends so that the client cannot take what it has for a whole answer. */
    void abort();

    /** What follows this request cannot be trusted to be a request of its own. */
    void closeAfter();
}
