package io.gojinn.cli.app;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import java.util.function.IntSupplier;

/** What is told of configs and their reloads. Thread-safe. */
final class ConfigMetrics {
    private final Gauge lastSuccess;
    private final Gauge lastGood;
    private final Counter.Child applied;
    private final Counter.Child refused;

    /** Registers everything; the first config is served. */
    ConfigMetrics(CollectorRegistry registry, IntSupplier generation, IntSupplier retired) {
        reading(
                registry,
                "gojinn_config_generation",
                "How many configs have been served, this one included.",
                generation);
        reading(
                registry,
                "gojinn_config_retired",
                "Configs that are served no more but still needed by what began with them.",
                retired);
        lastSuccess = Gauge.build("gojinn_config_last_success_seconds", "When this config was taken up, Unix time.")
                .register(registry);
        lastGood = Gauge.build("gojinn_config_last_reload_good", "0 when the last reload was refused.")
                .register(registry);
        Counter reloads = Counter.build("gojinn_config_reloads_total", "Reloads by outcome.")
                .labelNames("outcome")
                .register(registry);
        applied = reloads.labels("applied");
        refused = reloads.labels("refused");
        lastSuccess.setToCurrentTime();
        lastGood.set(1);
    }

    private static void reading(CollectorRegistry registry, String name, String help, IntSupplier value) {
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

    void applied() {
        applied.inc();
        lastSuccess.setToCurrentTime();
        lastGood.set(1);
    }

    void refused() {
        refused.inc();
        lastGood.set(0);
    }
}
