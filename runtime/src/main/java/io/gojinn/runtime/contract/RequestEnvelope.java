package io.gojinn.runtime.contract;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a function is told of a request. A view: it holds references to what the caller owns and copies nothing.
 *
 * @param uri the request target in origin form, {@code /path?query}, as it was sent
 * @param path the path of it, as it was sent
 * @param query the raw query string without the question mark; empty when there is none
 * @param headers fields in the order received, any case; names that occur again become one array
 * @param body the chunks of the body in order, each read from position to limit without moving its position
 * @param traceId the {@code traceparent} to pass on, or else the request id
 * @param params path captures by name
 * @param tenant null when the request belongs to none
 * @param response what a middleware is told in its response phase; null otherwise
 */
public record RequestEnvelope(
        String method,
        String uri,
        String path,
        String query,
        String scheme,
        String host,
        Iterable<? extends Map.Entry<? extends CharSequence, ? extends CharSequence>> headers,
        List<ByteBuffer> body,
        String traceId,
        Map<String, String> params,
        String remoteAddress,
        String route,
        @Nullable String tenant,
        @Nullable Response response) {
    /** What a handler is told, or a middleware in its request phase. */
    public RequestEnvelope(
            String method,
            String uri,
            String path,
            String query,
            String scheme,
            String host,
            Iterable<? extends Map.Entry<? extends CharSequence, ? extends CharSequence>> headers,
            List<ByteBuffer> body,
            String traceId,
            Map<String, String> params,
            String remoteAddress,
            String route,
            @Nullable String tenant) {
        this(
                method,
                uri,
                path,
                query,
                scheme,
                host,
                headers,
                body,
                traceId,
                params,
                remoteAddress,
                route,
                tenant,
                null);
    }

    /**
     * A response on its way to the client.
     *
     * @param headers as those of the request
     * @param body as that of the request; empty when it streams past
     */
    public record Response(
            int status,
            Iterable<? extends Map.Entry<? extends CharSequence, ? extends CharSequence>> headers,
            List<ByteBuffer> body) {}
}
