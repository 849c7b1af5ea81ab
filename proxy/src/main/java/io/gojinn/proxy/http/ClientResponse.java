package io.gojinn.proxy.http;

import io.netty.handler.codec.http.HttpResponse;

/** A header section on its way to a client, or a whole answer, which says whether a body may follow the section. */
public interface ClientResponse extends HttpResponse {
    /** True for an answer to HEAD: Content-Length stands, but no body follows (RFC 9112, 6.3). */
    boolean bodiless();
}
