package io.gojinn.runtime.exec;

import io.gojinn.runtime.FunctionFailure;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntSupplier;

/** What the runtime tells Prometheus. Labels are function names from the config and outcomes of the contract: bounded. */
public final class FunctionMetrics {
    private static final double[] DURATION_BUCKETS = {
        .000_01, .000_025, .000_05, .000_1, .000_25, .000_5, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5,
        10
    };

    private final Gauge active;
    private final Gauge idle;
    private final Counter executions;
    private final Histogram duration;
    private final Counter instantiations;
    private final Counter fuel;
    // By function, how many have it: one that was replaced has it for as long as it is needed.
    private final Map<String, Integer> users = new HashMap<>();

    /** Registers everything. */
    public FunctionMetrics(CollectorRegistry registry, IntSupplier waiting, IntSupplier inBackground) {
        active =
                Gauge.build("gojinn_active_sandboxes", "Executions running now").register(registry);
        computed("gojinn_waiting_executions", "Executions waiting for a worker", waiting, registry);
        computed(
                "gojinn_background_executions",
                "Long executions under way, running or waiting for their turn",
                inBackground,
                registry);
        idle = Gauge.build("gojinn_idle_instances", "Instances kept for the next request")
                .labelNames("function")
                .register(registry);
        executions = Counter.build("gojinn_function_executions", "Executions by how they ended")
                .labelNames("function", "outcome")
                .register(registry);
        duration = Histogram.build("gojinn_function_duration_seconds", "From the start on a worker to the end")
                .labelNames("function")
                .buckets(DURATION_BUCKETS)
                .register(registry);
        fuel = Counter.build("gojinn_function_fuel", "Units of fuel used")
                .labelNames("function")
                .register(registry);
        instantiations = Counter.build("gojinn_function_instantiations", "Instances made")
                .labelNames("function")
                .register(registry);
    }

    private static void computed(String name, String help, IntSupplier value, CollectorRegistry registry) {
        Gauge.build(name, help)
                .create()
                .setChild(new Gauge.Child() {
                    @Override
                    public double get() {
                        return value.getAsInt();
                    }
                })
                .register(registry);
    }

    Gauge active() {
        return active;
    }

    /** The children of one function, resolved once. */
    OfFunction of(String function) {
        synchronized (users) {
            users.merge(function, 1, Integer::sum);
        }
        Map<FunctionFailure, Counter.Child> failed = new EnumMap<>(FunctionFailure.class);
        for (FunctionFailure failure : FunctionFailure.values()) {
            failed.put(failure, executions.labels(function, failure.label()));
        }
        return new OfFunction(
                executions.labels(function, "ok"),
                failed,
                duration.labels(function),
                idle.labels(function),
                instantiations.labels(function),
                fuel.labels(function),
                () -> leave(function));
    }

    private void leave(String function) {
        synchronized (users) {
            if (users.merge(function, -1, Integer::sum) > 0) {
                return;
            }
            users.remove(function);
            executions.remove(function, "ok");
            for (FunctionFailure failure : FunctionFailure.values()) {
                executions.remove(function, failure.label());
            }
            duration.remove(function);
            idle.remove(function);
            instantiations.remove(function);
            fuel.remove(function);
        }
    }

    /**
     * Metrics of one function.
     *
     * @param end forgets them when no other function of the name has them
     */
    record OfFunction(
            Counter.Child replied,
            Map<FunctionFailure, Counter.Child> failures,
            Histogram.Child duration,
            Gauge.Child idle,
            Counter.Child instantiations,
            Counter.Child fuel,
            Runnable end)
            implements AutoCloseable {
        Counter.Child failed(FunctionFailure failure) {
            return Objects.requireNonNull(failures.get(failure));
        }

        @Override
        public void close() {
            end.run();
        }
    }
}
