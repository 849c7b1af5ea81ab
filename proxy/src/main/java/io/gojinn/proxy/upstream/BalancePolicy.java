package io.gojinn.proxy.upstream;

/** How the target of a request is chosen among those that can be. */
public sealed interface BalancePolicy {
    /** In turn, as often as the weights say. */
    record RoundRobin() implements BalancePolicy {}

    /** The one with the fewest requests for its weight; in turn among equals. */
    record LeastRequests() implements BalancePolicy {}

    /** The one with fewer requests for its weight, of two taken at random as often as the weights say. */
    record RandomTwo() implements BalancePolicy {}

    /**
     * The same target for the same value, as long as it is there. Requests without a value are taken in turn.
     *
     * @param source what of a request is looked at
     */
    record Hash(HashSource source) implements BalancePolicy {}

    /** What of a request decides about its target. */
    sealed interface HashSource {
        /** The first field of this name. */
        record Header(String name) implements HashSource {}

        /** The first cookie of this name; names of cookies have case (RFC 6265, 4.1.1). */
        record Cookie(String name) implements HashSource {}

        /** The address of the client. */
        record Client() implements HashSource {}
    }
}
