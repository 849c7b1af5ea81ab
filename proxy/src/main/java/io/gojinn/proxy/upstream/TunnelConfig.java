package io.gojinn.proxy.upstream;

import java.time.Duration;
import java.util.Set;

/**
 * What may be spoken to an upstream through a tunnel.
 *
 * @param upgrades protocols of the Upgrade field, in lower case; empty: none, and the wish for one is not passed on
 * @param idleTimeout how long a tunnel may be silent in both directions
 */
public record TunnelConfig(Set<String> upgrades, Duration idleTimeout) {
    /** How long a tunnel may be silent whose config does not say. */
    public static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofMinutes(5);

    /** No tunnels. */
    public static final TunnelConfig NONE = new TunnelConfig(Set.of(), DEFAULT_IDLE_TIMEOUT);

    public TunnelConfig {
        upgrades = Set.copyOf(upgrades);
        if (upgrades.contains("h2c")) {
            throw new IllegalArgumentException("h2c would carry requests past this proxy");
        }
    }
}
