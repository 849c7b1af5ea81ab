package io.gojinn.proxy.middleware;

import java.time.Duration;
import java.util.List;

/**
 * Asks an upstream whether a request may pass, with its header section.
 *
 * @param upstream whom to ask
 * @param path what to ask for, with a query perhaps
 * @param requestHeaders the fields of the request that it is shown, beside what was asked for and where from
 * @param responseHeaders the fields of a good answer that the request gets, which are owned
 * @param timeout of the question
 */
public record ForwardAuthRules(
        String upstream, String path, List<String> requestHeaders, List<String> responseHeaders, Duration timeout)
        implements MiddlewareKind {
    public ForwardAuthRules {
        requestHeaders = List.copyOf(requestHeaders);
        responseHeaders = List.copyOf(responseHeaders);
    }
}
