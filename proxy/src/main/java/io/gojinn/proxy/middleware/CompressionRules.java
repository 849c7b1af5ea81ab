package io.gojinn.proxy.middleware;

import java.util.List;

/**
 * Compresses responses.
 *
 * @param codings of which a client gets the one it likes best, the best first for those that it likes equally
 * @param types media types that are compressed, such as {@code text/html}, {@code text/*} and {@code *+json}
 * @param minBytes shorter bodies stay as they are
 * @param credentials whether responses are compressed that belong to somebody, see {@link
 *     io.gojinn.proxy.compress.Compression}
 * @param active how many are compressed at once; others stay as they are
 */
public record CompressionRules(List<Coding> codings, List<String> types, long minBytes, boolean credentials, int active)
        implements MiddlewareKind {
    /** What is commonly text in one way or another. */
    public static final List<String> DEFAULT_TYPES = List.of(
            "text/*",
            "*+json",
            "*+xml",
            "application/javascript",
            "application/json",
            "application/wasm",
            "application/xml",
            "font/otf",
            "font/ttf");

    public CompressionRules {
        codings = List.copyOf(codings);
        types = List.copyOf(types);
        if (codings.isEmpty() || active < 1) {
            throw new IllegalArgumentException("no codings, or active is " + active + ", expected at least 1");
        }
    }
}
