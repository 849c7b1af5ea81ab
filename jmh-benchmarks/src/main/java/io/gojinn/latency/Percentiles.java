package io.gojinn.latency;

import java.util.concurrent.ConcurrentLinkedQueue;

/** Durations, to be printed. Thread-safe. */
final class Percentiles {
    private final ConcurrentLinkedQueue<Long> samples = new ConcurrentLinkedQueue<>();

    void add(long nanos) {
        samples.add(nanos);
    }

    @SuppressWarnings("SystemOut") // what it is for
    void print(String title) {
        long[] sorted = samples.stream().mapToLong(Long::longValue).sorted().toArray();
        if (sorted.length == 0) {
            return;
        }
        System.out.printf(
                "%-36s n %6d  p50 %8.3f  p90 %8.3f  p99 %8.3f  most %8.3f ms%n",
                title, sorted.length, at(sorted, 50), at(sorted, 90), at(sorted, 99), at(sorted, 100));
    }

    private static double at(long[] sorted, int percent) {
        return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)] / 1e6;
    }
}
