package io.gojinn.proxy.http;

import io.gojinn.proxy.address.OriginFields;
import io.netty.handler.codec.http.HttpHeaderNames;

/** Fields that only the proxy itself says something in. */
public final class ProxyFields {
    private ProxyFields() {}

    /**
     * Whether a request field is one of them: what it was sent to, where it comes from, and what its client has proved. Whoever
     * is not trusted to know has no say in it.
     */
    public static boolean isOfRequest(CharSequence name) {
        return HttpHeaderNames.HOST.contentEqualsIgnoreCase(name)
                || OriginFields.is(name)
                || ClientCertificate.is(name);
    }
}
