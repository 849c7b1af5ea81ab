package io.gojinn.proxy.upstream;

import io.gojinn.proxy.sticky.StickyPolicy;
import java.util.List;
import java.util.Optional;

/**
 * Several upstreams that share the requests of whoever forwards to this name, as for a canary release.
 *
 * @param shares at least one that weighs anything
 * @param by what of a request decides; left out, or where a request has none of it, chance does
 * @param sticky left out, nothing is remembered
 */
public record SplitConfig(
        String name, List<Share> shares, Optional<BalancePolicy.HashSource> by, Optional<StickyPolicy> sticky) {
    /** The most that one share weighs. */
    public static final int MAX_WEIGHT = 1_000_000;

    public SplitConfig {
        shares = List.copyOf(shares);
        if (shares.stream().noneMatch(share -> share.weight() > 0)) {
            throw new IllegalArgumentException("no share weighs anything");
        }
    }

    /**
     * The part of one upstream.
     *
     * @param weight against the weights of the others; 0 takes nobody, not even those who were there before
     */
    public record Share(String upstream, int weight) {
        public Share {
            if (weight < 0 || weight > MAX_WEIGHT) {
                throw new IllegalArgumentException("weight is " + weight + ", expected 0 to " + MAX_WEIGHT);
            }
        }
    }
}
