package io.gojinn.proxy.http;

import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;

/** A header section on its way to a client, which says whether a body may follow it. */
public final class ClientResponse extends DefaultHttpResponse {
    private final boolean bodiless;

    ClientResponse(HttpResponseStatus status, HttpHeaders headers, boolean bodiless) {
        super(HttpVersion.HTTP_1_1, status, headers);
        this.bodiless = bodiless;
    }

    /** True for an answer to HEAD: Content-Length stands, but no body follows (RFC 9112, 6.3). */
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
