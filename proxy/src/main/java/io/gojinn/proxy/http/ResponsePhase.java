package io.gojinn.proxy.http;

import io.gojinn.proxy.failure.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.function.Consumer;

/**
 * A response on its way through one middleware, nothing of it sent yet. While a phase lasts, the action's body waits where it
 * comes from. Ends with exactly one of {@link #proceed()}, {@link #proceed(ByteBuf)} and {@link #fail}; a second one is a defect
 * of the middleware. Confined to the exchange's event loop.
 */
public final class ResponsePhase {
    private final MiddlewareChain chain;
    private boolean closed;
    private boolean bodyRead;

    ResponsePhase(MiddlewareChain chain) {
        this.chain = chain;
    }

    /** The status. */
    public int status() {
        return chain.status();
    }

    /**
     * Changes the status.
     *
     * @throws IllegalArgumentException when it is not from 200 to 599
     */
    public void status(int status) {
        chain.status(status);
    }

    /** The fields, to be changed. Content-Length follows the body by itself; other fields of framing are not there. */
    public HttpHeaders headers() {
        return chain.headers();
    }

    /** Whether no body follows, whatever the fields say: to HEAD, and with 204 and 304 (RFC 9110, 6.4.1). */
    public boolean isBodiless() {
        return chain.isBodiless();
    }

    /**
     * Lets the body stream through a transform, the body of the result being of unknown length. Does nothing but close it
     * when there is none to transform.
     *
     * @param transform owned; applied after those of earlier phases
     */
    public void transform(BodyTransform transform) {
        chain.transform(transform);
    }

    /**
     * Asks for the whole body before this phase ends. A larger one is answered with 502.
     *
     * @param whole gets it on the event loop, perhaps before this returns; borrowed until the phase ends. Not called when the
     *     exchange ends before
     */
    public void readBody(int maxBytes, Consumer<CollectedBody> whole) {
        if (closed || bodyRead) {
            throw new IllegalStateException("the phase has ended, or the body was asked for before");
        }
        bodyRead = true;
        chain.readResponseBody(maxBytes, whole);
    }

    /** Lets the response go on. */
    public void proceed() {
        close();
        chain.nextResponse();
    }

    /**
     * Lets the response go on with another body and without trailers. An action that has not ended its own is given up.
     *
     * @param body owned; left out where the method or the status allows none
     */
    public void proceed(ByteBuf body) {
        close();
        chain.replaceResponseBody(body);
        chain.nextResponse();
    }

    /** Answers with a failure in the place of the response. */
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
