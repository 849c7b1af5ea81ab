package io.gojinn.proxy.http;

/**
 * The way of one exchange through one middleware. Called on the exchange's event loop only: {@link #request}, then {@link
 * #response} when there is one that is not its own, {@link #failed} when the proxy answers itself, perhaps in the place of a
 * response that was on its way, and always {@link #ended}. Each at most once.
 *
 * <p>A phase goes on when the passage says so, now or later, on the event loop: by exactly one of the closing calls of {@link
 * RequestPhase} or {@link ResponsePhase}. Calls on a phase whose exchange has ended do nothing but release what they are given.
 */
public interface Passage {
    /** The request is on its way to the action. Its header section is {@link Exchange#request()}, which may be changed. */
    default void request(RequestPhase phase) {
        phase.proceed();
    }

    /** A response is on its way to the client. */
    default void response(ResponsePhase phase) {
        phase.proceed();
    }

    /** The proxy answers itself, now: the passage may change that answer, not replace or delay it. */
    default void failed(FailureResponse response) {}

    /**
     * The exchange has ended, whatever came of it: nothing is waited for, and what the passage holds is to be given back.
     * Called once for each passage that was opened.
     */
    default void ended() {}
}
