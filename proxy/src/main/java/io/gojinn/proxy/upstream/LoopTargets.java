package io.gojinn.proxy.upstream;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The targets of an upstream as one event loop uses them: its pools and its turns. Confined to that loop. */
final class LoopTargets {
    private final EventLoop loop;
    private final int turn;
    private final BalancePolicy policy;
    private final int mostOfTarget;
    private final Function<Target, TargetPool> open;

    private List<TargetPool> pools = List.of();
    private Candidates candidates = new Candidates(List.of());
    private Balance balance;

    /**
     * No targets yet.
     *
     * @param turn where the turns begin
     * @param open makes a pool of this loop
     */
    LoopTargets(EventLoop loop, int turn, BalancePolicy policy, int mostOfTarget, Function<Target, TargetPool> open) {
        this.loop = loop;
        this.turn = turn;
        this.policy = policy;
        this.mostOfTarget = mostOfTarget;
        this.open = open;
        this.balance = balance(0);
    }

    private Balance balance(int targets) {
        return Balance.of(policy, targets, turn, ThreadLocalRandom.current());
    }

    /** Replaces the targets. Those that stay keep their pools, those that leave close theirs. */
    void renew(List<Target> targets) {
        assert loop.inEventLoop();
        List<TargetPool> kept = new ArrayList<>();
        for (Target target : targets) {
            TargetPool pool = pool(target);
            kept.add(pool == null ? open.apply(target) : pool);
        }
        for (TargetPool pool : pools) {
            if (!kept.contains(pool)) {
                pool.close();
            }
        }
        pools = kept;
        candidates = new Candidates(targets);
        balance = balance(targets.size());
    }

    private @Nullable TargetPool pool(Target target) {
        for (TargetPool pool : pools) {
            if (pool.target() == target) {
                return pool;
            }
        }
        return null;
    }

    boolean isEmpty() {
        return pools.isEmpty();
    }

    /**
     * The pool of the target for a request, which is counted in there; null when all are full.
     *
     * @param token names the target that the client is to come back to, as long as it can be chosen; null for none
     */
    @Nullable
    TargetPool choose(long hash, @Nullable CharSequence token, Collection<Target> tried) {
        assert loop.inEventLoop();
        TargetPool kept = token == null ? null : named(token, tried);
        if (kept != null) {
            return kept;
        }
        long nowNanos = candidates.startSlowly() ? System.nanoTime() : 0;
        // Another loop may fill a target between the look and the step.
        while (candidates.fill(tried, mostOfTarget, nowNanos)) {
            int chosen = balance.choose(candidates, hash);
            if (candidates.target(chosen).enter(mostOfTarget)) {
                return pools.get(chosen);
            }
        }
        return null;
    }

    private @Nullable TargetPool named(CharSequence token, Collection<Target> tried) {
        for (TargetPool pool : pools) {
            Target target = pool.target();
            if (target.token().contentEquals(token)) {
                return target.isAvailable() && !tried.contains(target) && target.enter(mostOfTarget) ? pool : null;
            }
        }
        return null;
    }

    /** Closes the pools. */
    void close() {
        renew(List.of());
    }
}
