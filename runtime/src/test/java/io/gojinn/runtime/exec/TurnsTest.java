package io.gojinn.runtime.exec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private static final int AT_ONCE = 2;
    private static final long LONG_NANOS = 20_000_000_000L;

    private final Turns turns = new Turns(AT_ONCE);

    @Test
    void neverGivesMoreTurnsThanThereAreAndLosesNone() throws InterruptedException {
        AtomicInteger held = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int seed = 0; seed < 8; seed++) {
            Random random = new Random(seed);
            Turns.Account account = new Turns.Account();
            threads.add(Thread.ofPlatform().start(() -> {
                Turns.Turn turn = turns.turn();
                for (int round = 0; round < 300; round++) {
                    // Some give up before their turn comes, some at the moment it comes.
                    long patience = random.nextInt(3) == 0 ? random.nextInt(2_000_000) : LONG_NANOS;
                    if (!turn.begin(account, TurnsTest::never, System.nanoTime() + patience)) {
                        refused.incrementAndGet();
                        continue;
                    }
                    boolean mine = true;
                    for (int slice = 0; mine && slice < random.nextInt(6); slice++) {
                        most.accumulateAndGet(held.incrementAndGet(), Math::max);
                        spin(random.nextInt(600_000));
                        held.decrementAndGet();
                        mine = turn.next(TurnsTest::never, System.nanoTime() + patience);
                    }
                    turn.end();
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(most.get()).isEqualTo(AT_ONCE);
        assertThat(refused.get()).isPositive();
        // Every turn came back.
        for (int i = 0; i < AT_ONCE; i++) {
            assertThat(turns.turn().begin(new Turns.Account(), TurnsTest::never, System.nanoTime()))
                    .isTrue();
        }
        assertThat(turns.turn().begin(new Turns.Account(), TurnsTest::never, System.nanoTime()))
                .isFalse();
    }

    @Test
    void servesFirstWhoHasUsedLeast() throws InterruptedException {
        Turns one = new Turns(1);
        Turns.Account busy = new Turns.Account();
        Turns.Turn first = one.turn();
        assertThat(first.begin(busy, TurnsTest::never, Long.MAX_VALUE)).isTrue();
        ConcurrentLinkedQueue<String> served = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        // The busy function's second execution waits before the fresh function's first.
        threads.add(waiting(one, busy, "busy", served));
        spin(2_000_000);
        assertThat(first.next(() -> true, Long.MAX_VALUE)).isFalse();
        threads.add(waiting(one, busy, "busy again", served));
        threads.add(waiting(one, new Turns.Account(), "fresh", served));
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(served).last().isEqualTo("busy again");
    }

    private static Thread waiting(Turns turns, Turns.Account account, String name, ConcurrentLinkedQueue<String> served)
            throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().start(() -> {
            Turns.Turn turn = turns.turn();
            begun.countDown();
            if (turn.begin(account, TurnsTest::never, System.nanoTime() + LONG_NANOS)) {
                spin(20_000_000);
                served.add(name);
                turn.end();
            }
        });
        begun.await();
        while (thread.getState() == Thread.State.RUNNABLE && served.isEmpty()) {
            Thread.onSpinWait();
        }
        return thread;
    }

    @Test
    void sharesBetweenFunctionsAndNotBetweenExecutions() throws InterruptedException {
        Turns.Account many = new Turns.Account();
        Turns.Account one = new Turns.Account();
        AtomicLong ofMany = new AtomicLong();
        AtomicLong ofOne = new AtomicLong();
        long endNanos = System.nanoTime() + 1_000_000_000L;
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(Thread.ofPlatform().start(() -> spinInTurns(many, endNanos, ofMany)));
        }
        threads.add(Thread.ofPlatform().start(() -> spinInTurns(one, endNanos, ofOne)));
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat((double) ofOne.get() / ofMany.get()).isBetween(0.5, 2.0);
    }

    private void spinInTurns(Turns.Account account, long endNanos, AtomicLong heldNanos) {
        Turns.Turn turn = turns.turn();
        boolean mine = turn.begin(account, TurnsTest::never, endNanos);
        while (mine && System.nanoTime() - endNanos < 0) {
            long startNanos = System.nanoTime();
            spin(200_000);
            heldNanos.addAndGet(System.nanoTime() - startNanos);
            mine = turn.next(TurnsTest::never, endNanos);
        }
        turn.end();
    }

    @Test
    void letsGoOfWhoIsStoppedWhileItWaits() throws InterruptedException {
        Turns.Turn[] all = {turns.turn(), turns.turn()};
        for (Turns.Turn turn : all) {
            assertThat(turn.begin(new Turns.Account(), TurnsTest::never, Long.MAX_VALUE))
                    .isTrue();
        }
        AtomicBoolean stopped = new AtomicBoolean();
        AtomicBoolean given = new AtomicBoolean(true);
        Thread waiter = Thread.ofPlatform()
                .start(() -> given.set(
                        turns.turn().begin(new Turns.Account(), stopped::get, System.nanoTime() + LONG_NANOS)));
        while (waiter.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        stopped.set(true);
        LockSupport.unpark(waiter);
        waiter.join();
        assertThat(given.get()).isFalse();
    }

    private static boolean never() {
        return false;
    }

    private static void spin(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }
}
