package io.gojinn.proxy.middleware;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Puts pages in the place of what errors are answered with.
 *
 * @param pages by status, the narrowest range first of those that fit
 * @param contentType of all pages
 * @param responses whether those of the action are replaced too, and not only the proxy's own
 */
public record ErrorPageRules(Map<Statuses, String> pages, String contentType, boolean responses)
        implements MiddlewareKind {
    public ErrorPageRules {
        pages = Collections.unmodifiableMap(new LinkedHashMap<>(pages));
    }

    /** A status, or all from the first to the last. */
    public record Statuses(int first, int last) {
        /** Whether this one is among them. */
        public boolean contains(int status) {
            return first <= status && status <= last;
        }
    }
}
