package io.gojinn.proxy.upstream;

import io.gojinn.proxy.http.Action;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.observe.SplitMetrics;
import io.gojinn.proxy.observe.SplitMetrics.Reason;
import io.gojinn.proxy.sticky.StickyCookie;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Several upstreams, of which each exchange gets one: that of its cookie, or else one by the weights. Thread-safe.
 *
 * <p>An upstream of which no target is well gets nobody as long as another one has any.
 */
public final class Split implements Action {
    private final List<Share> shares;
    private final Optional<BalancePolicy.HashSource> by;
    private final @Nullable StickyCookie sticky;

    /** An upstream that takes part. */
    private record Share(Upstream upstream, int weight, long identity, String token, SplitMetrics metrics) {}

    /** What the parts of a split are found by. */
    public interface Parts {
        Upstream upstream(String name);

        SplitMetrics metrics(String upstream);
    }

    /** A split of upstreams that live as long as it does. */
    public Split(SplitConfig config, Parts parts) {
        StickyCookie cookie = config.sticky()
                .map(policy -> new StickyCookie(policy, config.name()))
                .orElse(null);
        this.by = config.by();
        this.sticky = cookie;
        this.shares = config.shares().stream()
                .filter(share -> share.weight() > 0)
                .map(share -> new Share(
                        parts.upstream(share.upstream()),
                        share.weight(),
                        Hashing.of(share.upstream()),
                        cookie == null ? "" : cookie.token(share.upstream()),
                        parts.metrics(share.upstream())))
                .toList();
    }

    @Override
    public Activity open(Exchange exchange) {
        StickyCookie cookie = sticky;
        CharSequence token =
                cookie == null ? null : cookie.of(exchange.request().headers());
        Share kept = token == null ? null : named(token);
        if (kept != null) {
            kept.metrics().chosen(Reason.COOKIE);
            return kept.upstream().open(exchange);
        }
        long hash = by.map(source -> HashKey.of(source, exchange)).orElse(Balance.NO_HASH);
        Share chosen =
                choose(hash == Balance.NO_HASH ? ThreadLocalRandom.current().nextLong() : hash);
        chosen.metrics().chosen(hash == Balance.NO_HASH ? Reason.CHANCE : Reason.KEY);
        return chosen.upstream().open(exchange, cookie == null ? null : cookie.set(chosen.token(), exchange.scheme()));
    }

    private @Nullable Share named(CharSequence token) {
        for (Share share : shares) {
            if (share.token().contentEquals(token)) {
                return share.upstream().isAvailable() || !isAnyAvailable() ? share : null;
            }
        }
        return null;
    }

    private Share choose(long hash) {
        boolean anyAvailable = isAnyAvailable();
        Share best = shares.getFirst();
        double bestScore = -1;
        for (Share share : shares) {
            if (!anyAvailable || share.upstream().isAvailable()) {
                double score = Hashing.score(hash, share.identity(), share.weight());
                if (score > bestScore) {
                    best = share;
                    bestScore = score;
                }
            }
        }
        return best;
    }

    private boolean isAnyAvailable() {
        for (Share share : shares) {
            if (share.upstream().isAvailable()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean takesUpgrade(String protocol) {
        return shares.stream().allMatch(share -> share.upstream().takesUpgrade(protocol));
    }

    @Override
    public boolean passesCalls() {
        return shares.stream().allMatch(share -> share.upstream().passesCalls());
    }
}
