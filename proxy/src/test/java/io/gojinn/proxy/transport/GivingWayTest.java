package io.gojinn.proxy.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GivingWayTest {
    private static final long SHORT = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(4);

    private long nowNanos = Long.MAX_VALUE - TimeUnit.MILLISECONDS.toNanos(1);
    private long yieldNanos = SHORT;
    private int yields;
    private final GivingWay others = new GivingWay(() -> nowNanos, () -> {
        yields++;
        nowNanos += yieldNanos;
    });

    private void turn() {
        nowNanos += TimeUnit.MICROSECONDS.toNanos(10);
        others.giveWay();
    }

    /** How many yields there are in a time, in turns of 100 microseconds. */
    private int yieldsWithin(long nanos) {
        int before = yields;
        for (long end = nowNanos + nanos; nowNanos - end < 0; nowNanos += TimeUnit.MICROSECONDS.toNanos(100)) {
            turn();
        }
        return yields - before;
    }

    @Test
    void yieldsThatTakeAsLongAsABatchGoOn() {
        yieldNanos = GivingWay.USUAL_NANOS;
        for (int i = 0; i < 10_000; i++) {
            turn();
        }
        assertThat(yields).isEqualTo(10_000);
    }

    @Test
    void aLateYieldASecondChangesNothing() {
        for (int second = 0; second < 100; second++) {
            yieldsWithin(TimeUnit.SECONDS.toNanos(1));
            yieldNanos = TICK;
            assertThat(yieldsWithin(1)).isEqualTo(1);
            yieldNanos = SHORT;
        }
    }

    /** With what may be late at once a hundredth becomes less than two. */
    @Test
    void lateYieldsThatComeNowAndThenTakeLessThanAFiftiethOfTheTime() {
        Random random = new Random(1);
        long startNanos = nowNanos;
        long late = 0;
        while (nowNanos - startNanos < TimeUnit.MINUTES.toNanos(2)) {
            yieldNanos = random.nextInt(20) == 0 ? random.nextLong(TICK) : SHORT;
            int before = yields;
            turn();
            late += yields == before ? 0 : Math.max(0, yieldNanos - GivingWay.USUAL_NANOS);
        }
        assertThat(late * 50).isLessThan(nowNanos - startNanos);
    }

    /** A tick of the kernel is 4 milliseconds, or one. */
    @ParameterizedTest
    @ValueSource(ints = {4, 1})
    void whoComputesOnThisProcessorSoonHasNextToNothingOfIt(int tickMillis) {
        yieldNanos = TimeUnit.MILLISECONDS.toNanos(tickMillis);
        yieldsWithin(TimeUnit.SECONDS.toNanos(60));
        assertThat(yieldsWithin(TimeUnit.SECONDS.toNanos(80)) * yieldNanos)
                .isBetween(TimeUnit.MILLISECONDS.toNanos(60), TimeUnit.MILLISECONDS.toNanos(120));
    }

    @Test
    void yieldsAreBackOnceNobodyComputes() {
        yieldNanos = TICK;
        yieldsWithin(TimeUnit.SECONDS.toNanos(60));
        yieldNanos = SHORT;
        yieldsWithin(GivingWay.LONGEST_REST_NANOS + TimeUnit.SECONDS.toNanos(1));
        int before = yields;
        for (int i = 0; i < 100; i++) {
            turn();
        }
        assertThat(yields - before).isEqualTo(100);
        // And the next rest is a short one.
        yieldNanos = TICK;
        turn();
        turn();
        turn();
        assertThat(yieldsWithin(GivingWay.SHORTEST_REST_NANOS / 2)).isZero();
        assertThat(yieldsWithin(GivingWay.SHORTEST_REST_NANOS)).isPositive();
    }
}
