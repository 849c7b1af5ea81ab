package io.gojinn.proxy.http;

import io.gojinn.proxy.failure.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.function.Consumer;

/**
 * A request on its way through one middleware. Ends with exactly one of {@link #proceed()}, {@link #proceed(ByteBuf)}, {@link
 * #reply} and {@link #fail}; a second one is a defect of the middleware. Confined to the exchange's event loop.
 */
public final class RequestPhase {
    private final MiddlewareChain chain;
    private boolean closed;
    private boolean bodyRead;

    RequestPhase(MiddlewareChain chain) {
        this.chain = chain;
    }

    /**
     * Asks for the whole body before this phase ends. It is held for whoever comes after, so it costs memory for as long as
     * the middleware takes. A larger body is answered with 413.
     *
     * @param whole gets it on the event loop, perhaps before this returns; borrowed until the phase ends. Not called when the
     *     exchange ends before
     */
    public void readBody(int maxBytes, Consumer<CollectedBody> whole) {
        if (closed || bodyRead) {
            throw new IllegalStateException("the phase has ended, or the body was asked for before");
        }
        bodyRead = true;
        chain.readRequestBody(maxBytes, whole);
    }

    /**
     * Changes the method for those that follow; what the client is answered stays an answer to the method it sent.
     *
     * @throws IllegalArgumentException when it is no token (RFC 9110, 9.1), is CONNECT, or the exchange may become a tunnel
     */
    public void method(String method) {
        chain.exchange().changeMethod(method);
    }

    /**
     * Changes the target for those that follow. The route stays.
     *
     * @param uri in origin form; brought into the one form that paths have here
     * @throws IllegalArgumentException when it has no safe form, see {@link io.gojinn.proxy.route.RequestPath}
     */
    public void target(String uri) {
        chain.exchange().changeTarget(uri);
    }

    /** Lets the request go on. */
    public void proceed() {
        close();
        chain.nextRequest();
    }

    /**
     * Lets the request go on with another body; trailers go with the one it had.
     *
     * @param body owned
     * @throws IllegalStateException when the body was not read before: there would be two
     */
    public void proceed(ByteBuf body) {
        if (!bodyRead) {
            body.release();
            throw new IllegalStateException("a body that was not read cannot be replaced");
        }
        close();
        chain.replaceRequestBody(body);
        chain.nextRequest();
    }

    /**
     * Answers in the place of those that follow.
     *
     * @param headers owned; without framing fields
     * @param body owned
     */
    public void reply(int status, HttpHeaders headers, ByteBuf body) {
        close();
        chain.reply(status, headers, body);
    }

    /** Answers with a failure. */
    public void fail(Failure failure) {
        close();
        chain.exchange().fail(failure);
    }

    private void close() {
        assert chain.exchange().loop().inEventLoop();
        if (closed) {
            throw new IllegalStateException("the phase has ended before");
        }
        closed = true;
    }
}
