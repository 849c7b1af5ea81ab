package io.gojinn.proxy.upstream;

import java.util.Collection;
import java.util.List;

/**
 * The targets of an upstream with the weights that count for one choice: 0 for those that must not be chosen. Filled anew for
 * each choice, without allocation. Confined to one event loop.
 */
final class Candidates {
    private final Target[] targets;
    private final int[] weights;
    private final boolean startSlowly;
    private long totalWeight;
    private int count;

    Candidates(List<Target> targets) {
        this.targets = targets.toArray(Target[]::new);
        this.weights = new int[this.targets.length];
        this.startSlowly = targets.stream().anyMatch(Target::startsSlowly);
    }

    /** Whether their weights depend on the time. */
    boolean startSlowly() {
        return startSlowly;
    }

    /**
     * Takes up those that may be chosen: available ones that were not tried; or else available ones; or else, when none is
     * available, all, for none is worse than another; and never one that is full.
     *
     * @param most requests of a target that is full
     * @return whether there is any
     */
    boolean fill(Collection<Target> tried, int most, long nowNanos) {
        return fill(tried, most, nowNanos, true)
                || fill(List.of(), most, nowNanos, true)
                || (!anyAvailable() && (fill(tried, most, nowNanos, false) || fill(List.of(), most, nowNanos, false)));
    }

    private boolean fill(Collection<Target> tried, int most, long nowNanos, boolean availableOnly) {
        totalWeight = 0;
        count = 0;
        for (int i = 0; i < targets.length; i++) {
            Target target = targets[i];
            boolean chosen = (!availableOnly || target.isAvailable())
                    && target.active() < most
                    && (tried.isEmpty() || !tried.contains(target));
            weights[i] = chosen ? target.weight(nowNanos) : 0;
            totalWeight += weights[i];
            count += chosen ? 1 : 0;
        }
        return count > 0;
    }

    private boolean anyAvailable() {
        for (Target target : targets) {
            if (target.isAvailable()) {
                return true;
            }
        }
        return false;
    }

    /** How many targets there are, those that must not be chosen included. */
    int size() {
        return targets.length;
    }

    /** How many may be chosen. */
    int count() {
        return count;
    }

    Target target(int index) {
        return targets[index];
    }

    int weight(int index) {
        return weights[index];
    }

    long totalWeight() {
        return totalWeight;
    }

    /** Takes one out. */
    void remove(int index) {
        totalWeight -= weights[index];
        count -= weights[index] > 0 ? 1 : 0;
        weights[index] = 0;
    }
}
