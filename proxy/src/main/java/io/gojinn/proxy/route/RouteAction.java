package io.gojinn.proxy.route;

import java.util.Map;

/** What is done with a request that a route takes. */
public sealed interface RouteAction {
    /** Forwards to the upstream of this name. */
    record Forward(String upstream) implements RouteAction {}

    /** Runs the function of this name. */
    record Call(String function) implements RouteAction {}

    /** Answers with fixed content, UTF-8. */
    record Respond(int status, Map<String, String> headers, String body) implements RouteAction {
        public Respond {
            headers = Map.copyOf(headers);
        }
    }

    /**
     * Sends the client elsewhere.
     *
     * @param status 301, 302, 303, 307 or 308
     * @param location an absolute URI or an absolute path
     */
    record Redirect(int status, String location) implements RouteAction {}
}
