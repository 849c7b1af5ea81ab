package io.gojinn.proxy.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.SelectStrategy;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class YieldBeforeSelectTest {
    private static final long SHORT = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(4);

    private long nowNanos = Long.MAX_VALUE - TimeUnit.MILLISECONDS.toNanos(1);
    private long yieldNanos = SHORT;
    private int yields;
    private final YieldBeforeSelect strategy = new YieldBeforeSelect(() -> nowNanos, () -> {
        yields++;
        nowNanos += yieldNanos;
    });

    private int turn(boolean hasTasks) throws Exception {
        nowNanos += TimeUnit.MICROSECONDS.toNanos(10);
        return strategy.calculateStrategy(() -> 7, hasTasks);
    }

    /** How many yields there are in a time, in turns of 100 microseconds. */
    private int yieldsWithin(long nanos) throws Exception {
        int before = yields;
        for (long end = nowNanos + nanos; nowNanos - end < 0; nowNanos += TimeUnit.MICROSECONDS.toNanos(100)) {
            turn(false);
        }
        return yields - before;
    }

    @Test
    void othersRunBeforeTheLoopSleeps() throws Exception {
        assertThat(turn(false)).isEqualTo(SelectStrategy.SELECT);
        assertThat(yields).isEqualTo(1);
    }

    @Test
    void nobodyRunsWhileTasksWait() throws Exception {
        assertThat(turn(true)).isEqualTo(7);
        assertThat(yields).isZero();
    }

    @Test
    void aLongYieldNowAndThenChangesNothing() throws Exception {
        for (int i = 0; i < 1_000; i++) {
            yieldNanos = i % 100 == 99 ? TICK : SHORT;
            turn(false);
        }
        assertThat(yields).isEqualTo(1_000);
    }

    @Test
    void whoComputesOnThisProcessorCostsATickInAnEverLongerTime() throws Exception {
        yieldNanos = TICK;
        yieldsWithin(TimeUnit.SECONDS.toNanos(60));
        assertThat(yieldsWithin(TimeUnit.SECONDS.toNanos(80))).isBetween(9, 10);
    }

    @Test
    void yieldsOfAMillisecondAreTooLongAsWell() throws Exception {
        yieldNanos = TimeUnit.MILLISECONDS.toNanos(1);
        yieldsWithin(TimeUnit.SECONDS.toNanos(60));
        assertThat(yieldsWithin(TimeUnit.SECONDS.toNanos(80))).isBetween(9, 10);
    }

    @Test
    void yieldsAreBackOnceNobodyComputes() throws Exception {
        yieldNanos = TICK;
        yieldsWithin(TimeUnit.SECONDS.toNanos(60));
        yieldNanos = SHORT;
        yieldsWithin(YieldBeforeSelect.LONGEST_REST_NANOS);
        int before = yields;
        for (int i = 0; i < 100; i++) {
            turn(false);
        }
        assertThat(yields - before).isEqualTo(100);
        // And the next rest is a short one.
        yieldNanos = TICK;
        yieldsWithin(TICK);
        yieldsWithin(TICK);
        assertThat(yieldsWithin(YieldBeforeSelect.SHORTEST_REST_NANOS / 2)).isZero();
        assertThat(yieldsWithin(YieldBeforeSelect.SHORTEST_REST_NANOS)).isPositive();
    }
}
