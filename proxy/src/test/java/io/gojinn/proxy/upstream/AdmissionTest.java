package io.gojinn.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gojinn.proxy.upstream.Admission.Entry;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    private static EventLoopGroup loops;

    @BeforeAll
    static void open() {
        loops = new MultiThreadIoEventLoopGroup(4, NioIoHandler.newFactory());
    }

    @AfterAll
    static void close() {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    @Test
    void letsInAsManyAsThereAreTurnsAndQueuesAsManyAsMayWait() {
        Admission admission = new Admission(2, 1);
        assertThat(admission.enter(new Waiting(1))).isEqualTo(Entry.ADMITTED);
        assertThat(admission.enter(new Waiting(2))).isEqualTo(Entry.ADMITTED);
        assertThat(admission.enter(new Waiting(3))).isEqualTo(Entry.WAITING);
        assertThat(admission.enter(new Waiting(4))).isEqualTo(Entry.FULL);
        assertThat(admission.active()).isEqualTo(2);
        assertThat(admission.waiting()).isEqualTo(1);
    }

    @Test
    void servesFirstWhoCameFirst() {
        Admission admission = new Admission(1, 10);
        admission.enter(new Waiting(0));
        for (int i = 1; i <= 5; i++) {
            admission.enter(new Waiting(i));
        }
        for (int i = 1; i <= 5; i++) {
            int expected = i;
            admission.leave();
            await().untilAsserted(
                            () -> assertThat(order).hasSize(expected).last().isEqualTo(expected));
        }
    }

    @Test
    void forgetsOneWhoGivesUp() {
        Admission admission = new Admission(1, 2);
        admission.enter(new Waiting(0));
        Waiting first = new Waiting(1);
        admission.enter(first);
        admission.enter(new Waiting(2));
        assertThat(admission.withdraw(first)).isTrue();
        assertThat(admission.withdraw(first)).isFalse();
        admission.leave();
        await().untilAsserted(() -> assertThat(order).containsExactly(2));
    }

    @Test
    void admitsThoseWhoWaitWhenThereAreMoreTurns() {
        Admission admission = new Admission(1, 2);
        admission.enter(new Waiting(0));
        admission.enter(new Waiting(1));
        admission.enter(new Waiting(2));
        admission.limit(3);
        await().untilAsserted(() -> assertThat(order).containsExactlyInAnyOrder(1, 2));
    }

    @Test
    void neverExceedsItsTurnsAndNeverForgetsAWaiter() throws Exception {
        int turns = 3;
        int requests = 20_000;
        Admission admission = new Admission(turns, requests);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger served = new AtomicInteger();
        final class Request implements Admission.Waiter {
            private final EventLoop loop = loops.next();

            @Override
            public EventLoop loop() {
                return loop;
            }

            @Override
            public void admitted() {
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                if (ThreadLocalRandom.current().nextInt(4) == 0) {
                    loop.execute(this::leave);
                } else {
                    leave();
                }
            }

            private void leave() {
                inside.decrementAndGet();
                served.incrementAndGet();
                admission.leave();
            }
        }
        List<Future<?>> begun = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            Request request = new Request();
            begun.add(request.loop().submit(() -> {
                if (admission.enter(request) == Entry.ADMITTED) {
                    request.admitted();
                }
            }));
        }
        for (Future<?> request : begun) {
            request.get();
        }
        await().untilAsserted(() -> assertThat(served).hasValue(requests));
        assertThat(most.get()).isBetween(1, turns);
        assertThat(admission.active()).isZero();
        assertThat(admission.waiting()).isZero();
    }

    private final ConcurrentLinkedQueue<Integer> order = new ConcurrentLinkedQueue<>();

    private final class Waiting implements Admission.Waiter {
        private final int number;
        private final EventLoop loop = loops.next();

        Waiting(int number) {
            this.number = number;
        }

        @Override
        public EventLoop loop() {
            return loop;
        }

        @Override
        public void admitted() {
            order.add(number);
        }
    }
}
