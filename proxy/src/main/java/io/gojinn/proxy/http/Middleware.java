package io.gojinn.proxy.http;

import java.util.Set;

/**
 * Something in the way of a route's exchanges: it may answer a request, change it on its way to the route's action, and
 * change the response on its way back. Thread-safe.
 *
 * <p>It lives as long as some config has it: one whose name, settings, files and whatever it refers to are unchanged is the same
 * object after a reload, and so what it counts, caches or has learned belongs in its fields and nowhere else.
 *
 * <p>A route names its middleware in order. An exchange passes through their request phases in that order, then the action
 * answers, then the response passes through their response phases in the reverse order; a middleware that answers in its
 * request phase sends its answer through the response phases of those before it alone. So the first in the list is the
 * outermost: it sees the request as the client sent it, and the response as the client gets it.
 *
 * <ul>
 *   <li>The route is chosen before, and stays: a middleware that changes the target changes what the action is asked for, not
 *       which action that is.
 *   <li>Bodies stream past a middleware that does not ask for them; one that looks at header sections alone costs nothing per
 *       byte.
 *   <li>Interim responses (1xx) pass by. A tunnel (101, or CONNECT of HTTP/2) has a request phase and no response phase.
 *   <li>What the proxy answers itself, because of a failure, does not pass through response phases; middleware can add to it
 *       in {@link Passage#failed}.
 *   <li>It fails closed: a defect in a middleware is answered with 500, and nothing after it sees the request.
 * </ul>
 *
 * <p>Fields that a middleware hands on must not come from the client instead. A middleware that sets a field always is safe
 * with {@code headers().set}; for one that sets it sometimes, {@link #ownedFields} names it. On a route with middleware,
 * fields that a request's {@code Connection} names are removed before the first phase, so that a client cannot have removed
 * what a middleware sets (RFC 9110, 7.6.1).
 */
@FunctionalInterface
public interface Middleware {
    /** Opens it for one exchange, on its event loop, when its request phase comes. */
    Passage open(Exchange exchange);

    /**
     * Request fields that only this middleware sets: removed from what clients send, header section and trailers, before the
     * first request phase of the route, together with every name that differs in case and punctuation alone.
     */
    default Set<String> ownedFields() {
        return Set.of();
    }

    /**
     * Gives back what it holds. Called once, on a thread that may block, when no config has it any more and the last exchange
     * that began with it has ended.
     */
    default void close() {}
}
