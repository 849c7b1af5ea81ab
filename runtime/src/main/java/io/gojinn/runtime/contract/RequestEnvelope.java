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
        @Nullable String tenant) {}
