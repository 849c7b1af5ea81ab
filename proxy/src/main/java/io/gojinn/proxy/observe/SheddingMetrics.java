package io.gojinn.proxy.observe;

import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntSupplier;

/** The metric children of one middleware that sheds load. Thread-safe. */
public final class SheddingMetrics {
    private final Children children = new Children();
    private final Counter.Child shed;
    // One that was replaced is among them for as long as it has requests; the newest is the last.
    private final List<Watched> watched = new CopyOnWriteArrayList<>();

    private record Watched(IntSupplier limit, IntSupplier active) {}

    SheddingMetrics(String middleware, Counter shed, Gauge limit, Gauge active) {
        this.shed = children.of(shed, middleware);
        children.set(
                limit,
                reading(() -> watched.isEmpty() ? 0 : watched.getLast().limit().getAsInt()),
                middleware);
        children.set(
                active,
                reading(() -> watched.stream()
                        .mapToInt(one -> one.active().getAsInt())
                        .sum()),
                middleware);
    }

    private static Gauge.Child reading(IntSupplier value) {
        return new Gauge.Child() {
            @Override
            public double get() {
                return value.getAsInt();
            }
        };
    }

    /** There is no middleware of this name any more. */
    void forget() {
        children.forget();
    }

    /** A request was refused. */
    public void shed() {
        shed.inc();
    }

    /**
     * Shows what is counted elsewhere; read when the metrics are.
     *
     * @return to be run when it is not to be shown any more
     */
    public Runnable watch(IntSupplier limit, IntSupplier active) {
        Watched added = new Watched(limit, active);
        watched.add(added);
        return () -> watched.remove(added);
    }
}
