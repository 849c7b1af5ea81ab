package io.gojinn.proxy.upstream;

import java.util.random.RandomGenerator;

/**
 * A way to choose one of the candidates. Each event loop has its own, so that a choice shares nothing but the counts of the
 * targets: it costs one or two passes over them and allocates nothing.
 */
sealed interface Balance {
    /** A request without a value to hash. */
    long NO_HASH = 0;

    /**
     * The index of the chosen one.
     *
     * @param candidates at least one of a weight
     * @param hash of the request, or {@link #NO_HASH}
     */
    int choose(Candidates candidates, long hash);

    /**
     * As the policy says, for so many targets.
     *
     * @param turn where the turns begin: event loops that begin at different targets do not move in step
     */
    static Balance of(BalancePolicy policy, int targets, int turn, RandomGenerator random) {
        return switch (policy) {
            case BalancePolicy.RoundRobin roundRobin -> new RoundRobin(targets, turn);
            case BalancePolicy.LeastRequests leastRequests -> new LeastRequests(targets, turn);
            case BalancePolicy.RandomTwo randomTwo -> new RandomTwo(random);
            case BalancePolicy.Hash hash -> new Rendezvous(targets, turn);
        };
    }

    /**
     * In turn, evenly: each time every target gains its weight, the one with the most is chosen and pays what all gained
     * (the smooth weighted round robin of nginx). With equal weights this is the plain order.
     */
    final class RoundRobin implements Balance {
        private final long[] credit;

        RoundRobin(int targets, int turn) {
            credit = new long[targets];
            for (int i = 0; i < targets; i++) {
                // Less than any weight: it decides between equals alone.
                credit[i] = -Math.floorMod(i - turn, targets);
            }
        }

        @Override
        public int choose(Candidates candidates, long hash) {
            return choose(candidates, -1, 1);
        }

        /** Chooses among those with no more requests for their weight than this fraction. */
        int choose(Candidates candidates, int active, int weight) {
            int best = -1;
            long gained = 0;
            for (int i = 0; i < credit.length; i++) {
                int own = candidates.weight(i);
                if (own == 0 || (active >= 0 && isBusier(candidates.target(i).active(), own, active, weight))) {
                    continue;
                }
                credit[i] += own;
                gained += own;
                if (best < 0 || credit[i] > credit[best]) {
                    best = i;
                }
            }
            if (best >= 0) {
                credit[best] -= gained;
            }
            return best;
        }
    }

    /** The fewest requests for its weight, all targets compared. */
    final class LeastRequests implements Balance {
        private final RoundRobin turns;

        LeastRequests(int targets, int turn) {
            turns = new RoundRobin(targets, turn);
        }

        @Override
        public int choose(Candidates candidates, long hash) {
            int leastActive = 0;
            int leastWeight = 0;
            int least = -1;
            for (int i = 0; i < candidates.size(); i++) {
                int weight = candidates.weight(i);
                if (weight > 0) {
                    int active = candidates.target(i).active();
                    if (least < 0 || isBusier(leastActive, leastWeight, active, weight)) {
                        leastActive = active;
                        leastWeight = weight;
                        least = i;
                    }
                }
            }
            int chosen = turns.choose(candidates, leastActive, leastWeight);
            // Other loops may have made all of them busier in between.
            return chosen < 0 ? least : chosen;
        }
    }

    /** The less busy of two: nearly as even as comparing all, and loops that look at the same counts do not herd. */
    final class RandomTwo implements Balance {
        private final RandomGenerator random;

        RandomTwo(RandomGenerator random) {
            this.random = random;
        }

        @Override
        public int choose(Candidates candidates, long hash) {
            int one = any(candidates);
            if (candidates.count() == 1) {
                return one;
            }
            int weight = candidates.weight(one);
            candidates.remove(one);
            int other = any(candidates);
            boolean busier = isBusier(
                    candidates.target(one).active(),
                    weight,
                    candidates.target(other).active(),
                    candidates.weight(other));
            return busier ? other : one;
        }

        private int any(Candidates candidates) {
            long point = random.nextLong(candidates.totalWeight());
            int last = -1;
            for (int i = 0; i < candidates.size(); i++) {
                if (candidates.weight(i) > 0) {
                    last = i;
                    point -= candidates.weight(i);
                    if (point < 0) {
                        break;
                    }
                }
            }
            return last;
        }
    }

    /**
     * The same target for the same hash: every target gets a score from the hash and its own identity, the highest wins
     * (rendezvous hashing). When a target leaves, only its keys move, evenly to the others, and they come back with it; a
     * ring moves them to its neighbours, and Maglev moves some that did not have to. Both answer faster with thousands of
     * targets, and keep a table to do so that every change of health or weight makes anew.
     */
    final class Rendezvous implements Balance {
        private final RoundRobin turns;

        Rendezvous(int targets, int turn) {
            turns = new RoundRobin(targets, turn);
        }

        @Override
        public int choose(Candidates candidates, long hash) {
            if (hash == NO_HASH) {
                return turns.choose(candidates, hash);
            }
            int best = -1;
            double bestScore = 0;
            for (int i = 0; i < candidates.size(); i++) {
                int weight = candidates.weight(i);
                if (weight > 0) {
                    double score = Hashing.score(hash, candidates.target(i).identity(), weight);
                    if (best < 0 || score > bestScore) {
                        best = i;
                        bestScore = score;
                    }
                }
            }
            return best;
        }
    }

    private static boolean isBusier(int active, int weight, int otherActive, int otherWeight) {
        return (long) active * otherWeight > (long) otherActive * weight;
    }
}
