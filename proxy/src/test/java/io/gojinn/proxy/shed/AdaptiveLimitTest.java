package io.gojinn.proxy.shed;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.middleware.MiddlewareKind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The limit in front of a simulated server, whose clock costs nothing. */
class AdaptiveLimitTest {
    private static final long SECOND = 1_000_000_000L;

    /** A server that does so many requests at once, and lets the others wait. */
    private static final class Server {
        private final AdaptiveLimit limit = new AdaptiveLimit(MiddlewareKind.Shedding.defaults(), 0);
        private final Random random = new Random(1);
        private final int workers;
        private final ArrayDeque<Long> waiting = new ArrayDeque<>();
        private final PriorityQueue<Work> working = new PriorityQueue<>();
        private long serviceNanos;
        private long nowNanos;
        private boolean evenly;

        private record Work(long endNanos, long startNanos) implements Comparable<Work> {
            @Override
            public int compareTo(Work other) {
                return Long.compare(endNanos, other.endNanos);
            }
        }

        Server(int workers, long serviceNanos) {
            this.workers = workers;
            this.serviceNanos = serviceNanos;
        }

        double capacity() {
            return (double) workers * SECOND / serviceNanos;
        }

        /** Sends requests at random times, or at even ones, so many a second. */
        Outcome run(double perSecond, double seconds) {
            List<Long> latencies = new ArrayList<>();
            int refused = 0;
            long endNanos = nowNanos + (long) (seconds * SECOND);
            long arrivalNanos = nowNanos;
            while (true) {
                arrivalNanos += (long) ((evenly ? 1 : -Math.log(1 - random.nextDouble())) / perSecond * SECOND);
                workUntil(Math.min(arrivalNanos, endNanos), latencies);
                if (arrivalNanos > endNanos) {
                    nowNanos = endNanos;
                    return new Outcome(latencies, refused, seconds);
                }
                nowNanos = arrivalNanos;
                if (!limit.enter()) {
                    refused++;
                } else if (working.size() < workers) {
                    begin(arrivalNanos);
                } else {
                    waiting.add(arrivalNanos);
                }
            }
        }

        private void begin(long startNanos) {
            // Half to one and a half of the mean.
            long nanos = (long) (serviceNanos * (0.5 + random.nextDouble()));
            working.add(new Work(nowNanos + nanos, startNanos));
        }

        private void workUntil(long nanos, List<Long> latencies) {
            for (Work next = working.peek(); next != null && next.endNanos() <= nanos; next = working.peek()) {
                working.remove();
                nowNanos = next.endNanos();
                latencies.add(nowNanos - next.startNanos());
                limit.leave(nowNanos - next.startNanos(), nowNanos);
                if (!waiting.isEmpty()) {
                    begin(waiting.remove());
                }
            }
        }
    }

    private record Outcome(List<Long> latencies, int refused, double seconds) {
        double perSecond() {
            return latencies.size() / seconds;
        }

        double percentile99() {
            List<Long> sorted = latencies.stream().sorted().toList();
            return sorted.get(sorted.size() * 99 / 100);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 5, false",
        "4, 20, false",
        "8, 20, true",
        "16, 20, false",
        "64, 50, false",
        "64, 50, true",
        "200, 100, false"
    })
    void answersNearlyAsMuchAsTheServerCanAndInTime(int workers, long serviceMillis, boolean evenly) {
        Server server = new Server(workers, serviceMillis * 1_000_000);
        server.evenly = evenly;
        server.run(0.7 * server.capacity(), 2);
        Outcome normal = server.run(0.7 * server.capacity(), 20);
        assertThat(normal.refused()).isZero();
        Outcome overload = server.run(3 * server.capacity(), 60);
        assertThat(overload.perSecond()).isGreaterThan(0.95 * server.capacity());
        assertThat(overload.percentile99()).isLessThan(5 * normal.percentile99());
        server.run(0.7 * server.capacity(), 5);
        Outcome after = server.run(0.7 * server.capacity(), 20);
        assertThat(after.refused()).isLessThan(after.latencies().size() / 100);
        assertThat(after.percentile99()).isLessThan(1.5 * normal.percentile99());
    }

    @ParameterizedTest
    @CsvSource({"4, 20", "64, 50"})
    void learnsThatTheServerHasBecomeSlowerAndFasterAgain(int workers, long serviceMillis) {
        Server server = new Server(workers, serviceMillis * 1_000_000);
        server.run(3 * server.capacity(), 10);
        double slow = server.capacity() / 3;
        server.serviceNanos *= 3;
        server.run(3 * slow, 60);
        assertThat(server.run(3 * slow, 10).perSecond()).isGreaterThan(0.9 * slow);
        server.serviceNanos /= 3;
        server.run(9 * slow, 10);
        assertThat(server.run(9 * slow, 10).perSecond()).isGreaterThan(0.9 * 3 * slow);
    }

    @ParameterizedTest
    @CsvSource({"16, 20", "64, 50"})
    void letsABurstThroughThatTheServerCanTake(int workers, long serviceMillis) {
        Server server = new Server(workers, serviceMillis * 1_000_000);
        server.run(0.2 * server.capacity(), 10);
        Outcome burst = server.run(0.95 * server.capacity(), 10);
        assertThat(burst.refused()).isLessThan(burst.latencies().size() / 50);
    }
}
