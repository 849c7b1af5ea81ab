package io.gojinn.runtime.exec;

import io.gojinn.runtime.Admission;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.FunctionLimits;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntSupplier;
import java.util.function.ToIntFunction;

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
    // By its name, those that have it: one that was replaced has it for as long as it is needed.
    private final Map<String, List<OfFunction>> users = new HashMap<>();
    private final Counter rejected;
    private final Gauge running;
    private final Gauge waitingOf;
    private final Gauge concurrency;
    private final Gauge queue;

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
        rejected = Counter.build(
                        "gojinn_function_rejected", "Executions for which there was no room, by whose bound it was")
                .labelNames("function", "bound")
                .register(registry);
        running = ofFunction("gojinn_function_running", "Executions running now", registry);
        waitingOf = ofFunction("gojinn_function_waiting", "Executions waiting for a worker", registry);
        concurrency = ofFunction("gojinn_function_concurrency_limit", "The most executions at once", registry);
        queue = ofFunction("gojinn_function_queue_limit", "The most executions that wait, beyond those", registry);
        instantiations = Counter.build("gojinn_function_instantiations", "Instances made")
                .labelNames("function")
                .register(registry);
    }

    private static Gauge ofFunction(String name, String help, CollectorRegistry registry) {
        return Gauge.build(name, help).labelNames("function").register(registry);
    }

    private static Gauge.Child computed(IntSupplier value) {
        return new Gauge.Child() {
            @Override
            public double get() {
                return value.getAsInt();
            }
        };
    }

    private static void computed(String name, String help, IntSupplier value, CollectorRegistry registry) {
        Gauge.build(name, help).create().setChild(computed(value)).register(registry);
    }

    Gauge active() {
        return active;
    }

    /** The children of one function, resolved once. */
    OfFunction of(String function, Use use) {
        Map<FunctionFailure, Counter.Child> failed = new EnumMap<>(FunctionFailure.class);
        for (FunctionFailure failure : FunctionFailure.values()) {
            failed.put(failure, executions.labels(function, failure.label()));
        }
        Map<Admission, Counter.Child> rejections = new EnumMap<>(Admission.class);
        for (Admission admission : Admission.values()) {
            if (admission != Admission.ADMITTED) {
                rejections.put(admission, rejected.labels(function, admission.label()));
            }
        }
        OfFunction metrics = new OfFunction(
                this,
                function,
                use,
                rejections,
                executions.labels(function, "ok"),
                failed,
                duration.labels(function),
                idle.labels(function),
                instantiations.labels(function),
                fuel.labels(function));
        synchronized (users) {
            users.computeIfAbsent(function, name -> new ArrayList<>()).add(metrics);
        }
        show(running, function, Use::running);
        show(waitingOf, function, Use::waiting);
        limits(function);
        return metrics;
    }

    // Of all that have the name.
    private void show(Gauge gauge, String function, ToIntFunction<Use> value) {
        gauge.setChild(
                computed(() -> {
                    synchronized (users) {
                        return users.getOrDefault(function, List.of()).stream()
                                .mapToInt(each -> value.applyAsInt(each.use()))
                                .sum();
                    }
                }),
                function);
    }

    // Of the newest that has the name.
    private void limits(String function) {
        synchronized (users) {
            FunctionLimits limits =
                    Objects.requireNonNull(users.get(function)).getLast().use().limits();
            concurrency.labels(function).set(limits.concurrency());
            queue.labels(function).set(limits.queue());
        }
    }

    private void leave(OfFunction metrics) {
        String function = metrics.function();
        synchronized (users) {
            List<OfFunction> left = Objects.requireNonNull(users.get(function));
            left.remove(metrics);
            if (!left.isEmpty()) {
                limits(function);
                return;
            }
            users.remove(function);
            executions.remove(function, "ok");
            for (FunctionFailure failure : FunctionFailure.values()) {
                executions.remove(function, failure.label());
            }
            metrics.rejections().keySet().forEach(admission -> rejected.remove(function, admission.label()));
            duration.remove(function);
            idle.remove(function);
            instantiations.remove(function);
            fuel.remove(function);
            running.remove(function);
            waitingOf.remove(function);
            concurrency.remove(function);
            queue.remove(function);
        }
    }

    /** How much of its limits a function uses. */
    interface Use {
        FunctionLimits limits();

        int running();

        int waiting();
    }

    /**
     * Metrics of one function; those that have the same name share them, and with the last of them they are forgotten.
     */
    record OfFunction(
            FunctionMetrics families,
            String function,
            Use use,
            Map<Admission, Counter.Child> rejections,
            Counter.Child replied,
            Map<FunctionFailure, Counter.Child> failures,
            Histogram.Child duration,
            Gauge.Child idle,
            Counter.Child instantiations,
            Counter.Child fuel)
            implements AutoCloseable {
        Counter.Child failed(FunctionFailure failure) {
            return Objects.requireNonNull(failures.get(failure));
        }

        @Override
        public void close() {
            families.leave(this);
        }

        Counter.Child rejected(Admission admission) {
            return Objects.requireNonNull(rejections.get(admission));
        }
    }
}
