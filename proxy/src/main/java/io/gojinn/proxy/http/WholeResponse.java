package io.gojinn.proxy.http;

import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.LastHttpContent;

/** An answer to a client whose last piece is its only one. */
final class WholeResponse extends DefaultFullHttpResponse implements ClientResponse {
    private final boolean bodiless;

    /** Owns the piece. */
    WholeResponse(ResponseHead head, LastHttpContent last) {
        super(head.protocolVersion(), head.status(), last.content(), head.headers(), last.trailingHeaders());
        this.bodiless = head.bodiless();
    }

    @Override
    public boolean bodiless() {
        return bodiless;
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
