package io.gojinn.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BalanceTest {
    private static final int NO_LIMIT = Integer.MAX_VALUE;

    private final SplittableRandom random = new SplittableRandom(4);

    @Test
    void takesEqualTargetsInPlainTurn() {
        Choice choice = new Choice(new BalancePolicy.RoundRobin(), targets(1, 1, 1));
        assertThat(IntStream.range(0, 7).map(i -> choice.next())).containsExactly(0, 1, 2, 0, 1, 2, 0);
    }

    @Test
    void interleavesHeavyTargetsWithLightOnes() {
        Choice choice = new Choice(new BalancePolicy.RoundRobin(), targets(5, 1, 1));
        assertThat(IntStream.range(0, 7).map(i -> choice.next())).containsExactly(0, 0, 1, 0, 2, 0, 0);
    }

    @Test
    void givesEveryTargetInTurnExactlyItsWeight() {
        for (int round = 0; round < 200; round++) {
            int[] weights = weights();
            int[] taken = new Choice(new BalancePolicy.RoundRobin(), targets(weights)).count(total(weights));
            assertThat(taken).isEqualTo(weights);
        }
    }

    @Test
    void startsEventLoopsAtDifferentTargets() {
        List<Target> targets = targets(1, 1, 1);
        List<Integer> firsts = IntStream.range(0, 3)
                .map(turn -> {
                    Candidates candidates = new Candidates(targets);
                    candidates.fill(List.of(), NO_LIMIT, 0);
                    return Balance.of(new BalancePolicy.RoundRobin(), 3, turn, random)
                            .choose(candidates, Balance.NO_HASH);
                })
                .boxed()
                .toList();
        assertThat(firsts).containsExactlyInAnyOrder(0, 1, 2);
    }

    @Test
    void findsTheTargetWithTheFewestRequestsForItsWeight() {
        for (int round = 0; round < 500; round++) {
            int[] weights = weights();
            List<Target> targets = targets(weights);
            for (Target target : targets) {
                enter(target, random.nextInt(20));
            }
            Choice choice = new Choice(new BalancePolicy.LeastRequests(), targets);
            int chosen = choice.next();
            for (int i = 0; i < weights.length; i++) {
                assertThat(targets.get(chosen).active() / (double) weights[chosen])
                        .isLessThanOrEqualTo(targets.get(i).active() / (double) weights[i]);
            }
        }
    }

    @Test
    void spreadsRequestsByWeightAmongIdleTargets() {
        int[] taken = new Choice(new BalancePolicy.LeastRequests(), targets(3, 1)).count(400);
        assertThat(taken).containsExactly(300, 100);
    }

    @Test
    void keepsBusyTargetsAsBusyAsTheirWeightsSay() {
        List<Target> targets = targets(1, 2, 4);
        Choice choice = new Choice(new BalancePolicy.LeastRequests(), targets);
        for (int i = 0; i < 700; i++) {
            enter(targets.get(choice.next()), 1);
        }
        assertThat(targets).extracting(Target::active).containsExactly(100, 200, 400);
    }

    @Test
    void takesTwoAtRandomAsOftenAsTheWeightsSay() {
        // Two idle targets are equal: the first of the two that were drawn is taken.
        int[] taken = new Choice(new BalancePolicy.RandomTwo(), targets(1, 2, 5)).count(80_000);
        assertThat(taken[0]).isCloseTo(10_000, within(500));
        assertThat(taken[1]).isCloseTo(20_000, within(700));
        assertThat(taken[2]).isCloseTo(50_000, within(900));
    }

    @Test
    void neverTakesTheBusiestOfAll() {
        List<Target> targets = targets(1, 1, 1, 1);
        enter(targets.get(2), 5);
        assertThat(new Choice(new BalancePolicy.RandomTwo(), targets).count(1_000)[2])
                .isZero();
    }

    @Test
    void keepsRandomLoadFlat() {
        List<Target> targets = targets(1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
        Choice choice = new Choice(new BalancePolicy.RandomTwo(), targets);
        for (int i = 0; i < 10_000; i++) {
            enter(targets.get(choice.next()), 1);
        }
        assertThat(targets).allSatisfy(target -> assertThat(target.active()).isCloseTo(1_000, within(10)));
    }

    @Test
    void leadsTheSameHashToTheSameTarget() {
        List<Target> targets = targets(1, 1, 1, 1, 1);
        Choice one = new Choice(hashing(), targets);
        Choice other = new Choice(hashing(), targets);
        for (int i = 0; i < 1_000; i++) {
            long hash = Hashing.of("user-" + i);
            assertThat(one.next(hash)).isEqualTo(other.next(hash));
        }
    }

    @Test
    void spreadsHashesByWeight() {
        Choice choice = new Choice(hashing(), targets(1, 2, 5));
        int[] taken = new int[3];
        for (int i = 0; i < 80_000; i++) {
            taken[choice.next(Hashing.of("user-" + i))]++;
        }
        assertThat(taken[0]).isCloseTo(10_000, within(500));
        assertThat(taken[1]).isCloseTo(20_000, within(700));
        assertThat(taken[2]).isCloseTo(50_000, within(900));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 6})
    void movesOnlyTheHashesOfATargetThatLeaves(int gone) {
        List<Target> targets = targets(1, 1, 1, 1, 1, 1, 1);
        List<Target> remaining = new ArrayList<>(targets);
        remaining.remove(gone);
        Choice before = new Choice(hashing(), targets);
        Choice after = new Choice(hashing(), remaining);
        int moved = 0;
        int[] received = new int[6];
        for (int i = 0; i < 14_000; i++) {
            long hash = Hashing.of("user-" + i);
            Target was = targets.get(before.next(hash));
            int now = after.next(hash);
            if (was == targets.get(gone)) {
                moved++;
                received[now]++;
            } else {
                assertThat(remaining.get(now)).isSameAs(was);
            }
        }
        assertThat(moved).isCloseTo(2_000, within(200));
        for (int share : received) {
            assertThat(share).isCloseTo(moved / 6, within(80));
        }
    }

    @Test
    void bringsHashesBackWithTheirTarget() {
        List<Target> targets = targets(1, 1, 1);
        Choice choice = new Choice(hashing(), targets);
        long hash = Hashing.of("ada");
        int home = choice.next(hash);
        targets.get(home).ejected(true, 0);
        assertThat(choice.next(hash)).isNotEqualTo(home);
        targets.get(home).ejected(false, 0);
        assertThat(choice.next(hash)).isEqualTo(home);
    }

    @Test
    void takesRequestsWithoutAHashInTurn() {
        assertThat(new Choice(hashing(), targets(1, 1, 1)).count(30)).containsExactly(10, 10, 10);
    }

    @Test
    void passesOverTargetsThatAreNotWell() {
        for (BalancePolicy policy : List.of(
                new BalancePolicy.RoundRobin(),
                new BalancePolicy.LeastRequests(),
                new BalancePolicy.RandomTwo(),
                hashing())) {
            List<Target> targets = targets(1, 1, 1, 1);
            targets.get(0).passing(false, 0);
            targets.get(3).ejected(true, 0);
            Choice choice = new Choice(policy, targets);
            for (int i = 0; i < 100; i++) {
                assertThat(choice.next(Hashing.mix(i))).isBetween(1, 2);
            }
        }
    }

    @Test
    void takesAnyWhenNoneIsWell() {
        List<Target> targets = targets(1, 1, 1);
        targets.forEach(target -> target.passing(false, 0));
        assertThat(new Choice(new BalancePolicy.RoundRobin(), targets).count(30))
                .containsExactly(10, 10, 10);
    }

    @Test
    void takesATriedTargetOnlyWhenNoOtherIsWell() {
        List<Target> targets = targets(1, 1, 1);
        Candidates candidates = new Candidates(targets);
        Set<Target> tried = Set.of(targets.get(0), targets.get(1));
        assertThat(candidates.fill(tried, NO_LIMIT, 0)).isTrue();
        assertThat(weightsOf(candidates)).containsExactly(0, 0, 100);
        targets.get(2).ejected(true, 0);
        assertThat(candidates.fill(tried, NO_LIMIT, 0)).isTrue();
        assertThat(weightsOf(candidates)).containsExactly(100, 100, 0);
    }

    @Test
    void takesNoTargetThatIsFull() {
        List<Target> targets = targets(1, 1);
        enter(targets.get(0), 2);
        Candidates candidates = new Candidates(targets);
        assertThat(candidates.fill(List.of(), 2, 0)).isTrue();
        assertThat(weightsOf(candidates)).containsExactly(0, 100);
        enter(targets.get(1), 2);
        assertThat(candidates.fill(List.of(), 2, 0)).isFalse();
        assertThat(targets.get(1).enter(2)).isFalse();
        assertThat(targets.get(1).active()).isEqualTo(2);
    }

    @Test
    void givesATargetThatComesBackItsShareSlowly() {
        Target target = target(4, "a", Duration.ofSeconds(10));
        assertThat(target.weight(0)).isEqualTo(400);
        long back = 5_000_000_000L;
        target.ejected(true, 0);
        target.ejected(false, back);
        assertThat(target.weight(back)).isEqualTo(40);
        assertThat(target.weight(back + 5_000_000_000L)).isEqualTo(200);
        assertThat(target.isRising(back + 9_999_999_999L)).isTrue();
        assertThat(target.weight(back + 10_000_000_000L)).isEqualTo(400);
        assertThat(target.isRising(back + 10_000_000_000L)).isFalse();
    }

    @Test
    void staysOutLongerEachTimeUpToALimitAndForgets() {
        EjectionPolicy policy = new EjectionPolicy(1, 0, Duration.ofSeconds(10), Duration.ofSeconds(25), 1);
        Target target = target(1, "a", Duration.ZERO);
        long now = System.nanoTime();
        assertThat(target.ejectionNanos(policy, now)).isEqualTo(10_000_000_000L);
        assertThat(target.ejectionNanos(policy, now + 11_000_000_000L)).isEqualTo(20_000_000_000L);
        assertThat(target.ejectionNanos(policy, now + 32_000_000_000L)).isEqualTo(25_000_000_000L);
        assertThat(target.ejectionNanos(policy, now + 90_000_000_000L)).isEqualTo(10_000_000_000L);
    }

    private static BalancePolicy hashing() {
        return new BalancePolicy.Hash(new BalancePolicy.HashSource.Client());
    }

    private int[] weights() {
        return random.ints(1 + random.nextInt(8), 1, 10).toArray();
    }

    private static int total(int[] weights) {
        return IntStream.of(weights).sum();
    }

    private static int[] weightsOf(Candidates candidates) {
        return IntStream.range(0, candidates.size()).map(candidates::weight).toArray();
    }

    private static void enter(Target target, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(target.enter(NO_LIMIT)).isTrue();
        }
    }

    private static List<Target> targets(int... weights) {
        return IntStream.range(0, weights.length)
                .mapToObj(i -> target(weights[i], "10.0.0." + i + ":80", Duration.ZERO))
                .toList();
    }

    private static Target target(int weight, String label, Duration slowStart) {
        return new Target(
                new UpstreamConfig.Target("a", 80, false, weight),
                label,
                InetSocketAddress.createUnresolved("a", 80),
                "",
                slowStart);
    }

    /** A balance over targets, as an event loop uses it. */
    private final class Choice {
        private final Candidates candidates;
        private final Balance balance;

        Choice(BalancePolicy policy, List<Target> targets) {
            candidates = new Candidates(targets);
            balance = Balance.of(policy, targets.size(), 0, random);
        }

        int next() {
            return next(Balance.NO_HASH);
        }

        int next(long hash) {
            assertThat(candidates.fill(List.of(), NO_LIMIT, 0)).isTrue();
            return balance.choose(candidates, hash);
        }

        int[] count(int times) {
            int[] taken = new int[candidates.size()];
            for (int i = 0; i < times; i++) {
                taken[next()]++;
            }
            return taken;
        }
    }
}
