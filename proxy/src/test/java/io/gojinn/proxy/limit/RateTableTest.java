package io.gojinn.proxy.limit;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Counts as a quota says, whoever counts beside, in memory that does not grow. */
class RateTableTest {
    private static final long SECOND = 1_000_000_000L;

    private final AtomicInteger forgotten = new AtomicInteger();

    /** Ten a second, three at once. */
    private RateTable tens(int keys) {
        return new RateTable(SECOND / 10, 3, keys, forgotten::incrementAndGet);
    }

    @Test
    void letsABurstThroughAndThenOneAnInterval() {
        RateTable table = tens(100);
        assertThat(table.take(7, SECOND)).isEqualTo(SECOND / 10);
        assertThat(table.take(7, SECOND)).isEqualTo(2 * SECOND / 10);
        assertThat(table.take(7, SECOND)).isEqualTo(3 * SECOND / 10);
        assertThat(table.take(7, SECOND)).isEqualTo(-SECOND / 10);
        // Refused requests cost nothing.
        assertThat(table.take(7, SECOND + 1)).isEqualTo(-SECOND / 10 + 1);
        assertThat(table.take(7, SECOND + SECOND / 10)).isPositive();
        assertThat(table.take(7, SECOND + SECOND / 10)).isNegative();
        assertThat(table.take(8, SECOND)).isPositive();
    }

    @Test
    void aQuotaIsWholeAgainAfterSilence() {
        RateTable table = tens(100);
        for (int round = 1; round <= 3; round++) {
            long now = round * SECOND;
            assertThat(table.take(7, now)).isPositive();
            assertThat(table.take(7, now)).isPositive();
            assertThat(table.take(7, now)).isPositive();
            assertThat(table.take(7, now)).isNegative();
        }
    }

    /** Sixteen threads, one clock: not one request more or less than the quota. */
    @Test
    void isExactUnderSixteenThreads() throws Exception {
        RateTable table = new RateTable(1_000, 50, 100, forgotten::incrementAndGet);
        AtomicLong clock = new AtomicLong(1);
        long end = 2_000_000;
        AtomicLong admitted = new AtomicLong();
        CountDownLatch begin = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    begin.await();
                } catch (InterruptedException e) {
                    return;
                }
                long count = 0;
                for (long now = clock.addAndGet(7); now <= end; now = clock.addAndGet(7)) {
                    if (table.take(42, now) >= 0) {
                        count++;
                    }
                }
                admitted.addAndGet(count);
            }));
        }
        begin.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        // A thread that was interrupted between the clock and the table comes with an old time: never one too many.
        assertThat(admitted.get()).isBetween((long) (2_000 * 0.99), 2_000L + 50);
    }

    /** The same key, by many threads at once and for the first time, is one key. */
    @Test
    void aNewKeyIsCountedOnce() throws Exception {
        for (int round = 0; round < 200; round++) {
            RateTable table = tens(16);
            AtomicInteger admitted = new AtomicInteger();
            CountDownLatch begin = new CountDownLatch(1);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        begin.await();
                    } catch (InterruptedException e) {
                        return;
                    }
                    if (table.take(42, SECOND) >= 0) {
                        admitted.incrementAndGet();
                    }
                }));
            }
            begin.countDown();
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(admitted).hasValue(3);
        }
    }

    @Test
    void aMillionKeysTakeNoMoreMemoryThanOne() {
        RateTable table = tens(10_000);
        assertThat(table.bytes()).isBetween(10_000 * 64L, 10_000 * 128L);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Random random = new Random(1);
        table.take(random.nextLong(), SECOND);
        long before = threads.getCurrentThreadAllocatedBytes();
        long admitted = 0;
        for (int i = 0; i < 1_000_000; i++) {
            admitted += table.take(random.nextLong(), SECOND + i) >= 0 ? 1 : 0;
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(64 << 10);
        assertThat(admitted).isEqualTo(1_000_000);
        assertThat(forgotten.get()).isGreaterThan(900_000);
    }

    /** While there is room, and for keys whose quota is whole again, nothing is lost. */
    @Test
    void forgetsNothingThatStillCounts() {
        RateTable table = tens(1_000);
        Random random = new Random(2);
        for (int second = 1; second <= 50; second++) {
            for (int i = 0; i < 250; i++) {
                table.take(random.nextLong(), second * SECOND);
            }
        }
        assertThat(forgotten).hasValue(0);
    }

    /** Whoever is refused stays refused, however many other keys are sent to push it out. */
    @Test
    void cannotBeMadeToForgetWhoIsRefused() {
        RateTable table = tens(64);
        for (int i = 0; i < 3; i++) {
            table.take(42, SECOND);
        }
        Random random = new Random(3);
        for (int i = 0; i < 100_000; i++) {
            table.take(random.nextLong(), SECOND);
        }
        assertThat(table.take(42, SECOND)).isNegative();
    }
}
