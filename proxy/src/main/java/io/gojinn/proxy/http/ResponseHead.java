package io.gojinn.proxy.http;

import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;

/** A header section on its way to a client. */
final class ResponseHead extends DefaultHttpResponse implements ClientResponse {
    private final boolean bodiless;

    ResponseHead(HttpResponseStatus status, HttpHeaders headers, boolean bodiless) {
        super(HttpVersion.HTTP_1_1, status, headers);
        this.bodiless = bodiless;
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
