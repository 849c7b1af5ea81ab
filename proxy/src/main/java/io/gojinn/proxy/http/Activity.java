package io.gojinn.proxy.http;

import io.netty.handler.codec.http.HttpContent;

/**
 * What an action does with one exchange. Called on the exchange's event loop only, and not any more once {@link #cancelled}
 * was called or the exchange was answered whole.
 */
public interface Activity {
    /** Begins, once, right after creation. Body follows when {@link Exchange#wantBody} asked for it. */
    void start();

    /**
     * A piece of the request body, the last one a {@link io.netty.handler.codec.http.LastHttpContent}. Owns it.
     */
    void bodyReceived(HttpContent content);

    /** {@link Exchange#isWritable} has changed. */
    void writabilityChanged();

    /** The exchange has ended without a whole answer: nobody waits for one any more. */
    void cancelled();
}
