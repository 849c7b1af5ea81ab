package io.gojinn.proxy.upstream;

import io.gojinn.proxy.sticky.StickyPolicy;
import java.time.Duration;
import java.util.Optional;

/**
 * How the targets of an upstream are chosen, watched and spared.
 *
 * @param idleTimeout between two pieces of a response, and for a target to take more of a request
 * @param requestTimeout for everything, from the choice of a target to the last byte of the response, retries included
 * @param slowStart how long a target that comes back takes to get its whole share; zero gives it at once
 * @param health left out, nobody asks the targets
 * @param sticky left out, every request of a client is a choice of its own
 */
public record UpstreamPolicy(
        BalancePolicy balance,
        Duration idleTimeout,
        Optional<Duration> requestTimeout,
        Duration slowStart,
        UpstreamLimits limits,
        RetryPolicy retry,
        EjectionPolicy ejection,
        Optional<HealthPolicy> health,
        Optional<StickyPolicy> sticky) {
    private static final UpstreamPolicy DEFAULTS = new UpstreamPolicy(
            new BalancePolicy.RoundRobin(),
            Duration.ofSeconds(30),
            Optional.empty(),
            Duration.ZERO,
            UpstreamLimits.defaults(),
            RetryPolicy.defaults(),
            EjectionPolicy.defaults(),
            Optional.empty(),
            Optional.empty());

    /** What holds for an upstream that names nothing else. */
    public static UpstreamPolicy defaults() {
        return DEFAULTS;
    }
}
