package io.gojinn.proxy.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ActiveTableTest {
    @Test
    void letsSoManyOfAKeyIn() {
        ActiveTable table = new ActiveTable(2, 10);
        assertThat(table.enter(7)).isTrue();
        assertThat(table.enter(7)).isTrue();
        assertThat(table.enter(7)).isFalse();
        assertThat(table.enter(8)).isTrue();
        table.leave(7);
        assertThat(table.enter(7)).isTrue();
        assertThat(table.enter(7)).isFalse();
    }

    @Test
    void refusesKeysBeyondItsBoundAndForgetsThoseThatAreDone() {
        ActiveTable table = new ActiveTable(2, 3);
        for (long key = 1; key <= 3; key++) {
            assertThat(table.enter(key)).isTrue();
        }
        assertThat(table.enter(4)).isFalse();
        assertThat(table.enter(3)).isTrue();
        assertThat(table.keys()).isEqualTo(3);
        table.leave(1);
        assertThat(table.enter(4)).isTrue();
        assertThat(table.keys()).isEqualTo(3);
    }

    @Test
    void isExactUnderManyThreads() throws Exception {
        ActiveTable table = new ActiveTable(5, 3);
        AtomicInteger[] active = {new AtomicInteger(), new AtomicInteger(), new AtomicInteger()};
        AtomicInteger most = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            int seed = i;
            threads.add(Thread.ofPlatform().start(() -> {
                Random random = new Random(seed);
                for (int round = 0; round < 20_000; round++) {
                    int key = random.nextInt(3);
                    if (table.enter(key)) {
                        most.accumulateAndGet(active[key].incrementAndGet(), Math::max);
                        active[key].decrementAndGet();
                        table.leave(key);
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(most.get()).isBetween(1, 5);
        assertThat(table.keys()).isZero();
    }
}
