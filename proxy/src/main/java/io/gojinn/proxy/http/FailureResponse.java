package io.gojinn.proxy.http;

import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.failure.FailureAnswer;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;

/** What the proxy is about to answer because of a failure. Confined to the exchange's event loop. */
public final class FailureResponse {
    private final Failure failure;
    private final int status;
    private final HttpHeaders headers;
    private ByteBuf body;

    FailureResponse(Failure failure, FailureAnswer answer, HttpHeaders headers, ByteBuf body) {
        this.failure = failure;
        this.status = answer.status();
        this.headers = headers;
        this.body = body;
    }

    /** Why there is no regular answer. */
    public Failure failure() {
        return failure;
    }

    /** The status, which says what happened and stays. */
    public int status() {
        return status;
    }

    /** The fields, to be changed; framing is not among them. */
    public HttpHeaders headers() {
        return headers;
    }

    /**
     * Puts another body in the place of the proxy's own.
     *
     * @param replacement owned
     */
    public void body(ByteBuf replacement) {
        body.release();
        body = replacement;
    }

    /** The body, the caller's from now on. */
    ByteBuf takeBody() {
        return body;
    }
}
