package io.gojinn.proxy.route;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Map;

/**
 * What routes look at.
 *
 * @param listener the name of the one it came by
 * @param host in lower case and without port; empty when the request names none
 * @param path in its one form, see {@link RequestPath}
 * @param query without its question mark, empty when there is none
 * @param method case-sensitive
 */
public record RouteRequest(
        String listener, String host, String path, String query, String method, HttpHeaders headers) {
    /** A request with these fields. */
    public static RouteRequest of(
            String listener, String host, String path, String query, String method, Map<String, String> fields) {
        HttpHeaders headers = DefaultHttpHeadersFactory.headersFactory().newHeaders();
        fields.forEach(headers::add);
        return new RouteRequest(listener, host, path, query, method, headers);
    }
}
