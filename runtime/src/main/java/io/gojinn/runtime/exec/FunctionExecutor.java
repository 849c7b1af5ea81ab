package io.gojinn.runtime.exec;

import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.RuntimeOptions;
import io.gojinn.runtime.sandbox.Sandbox;
import io.gojinn.runtime.sandbox.SandboxTemplate;
import io.prometheus.client.CollectorRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** The workers, their watchdog, and the functions they run. */
public final class FunctionExecutor implements AutoCloseable {
    /** How often idle instances are looked for: they may be kept longer than configured by this much. */
    private static final Duration EVICTION_PERIOD = Duration.ofSeconds(1);

    private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(5);

    private final Scheduler scheduler;
    private final Watchdog watchdog = new Watchdog();
    private final FunctionMetrics metrics;
    private final List<Thread> workers = new ArrayList<>();
    private final List<ScheduledFunction> functions = new CopyOnWriteArrayList<>();
    private final ScheduledExecutorService eviction = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("gojinn-idle").daemon().factory());
    private final ScheduledFuture<?> evictions;

    /** Starts the workers. */
    public FunctionExecutor(RuntimeOptions options, CollectorRegistry registry) {
        scheduler = new Scheduler(options.threads(), options.queue());
        metrics = new FunctionMetrics(registry, scheduler::waiting);
        for (int i = 0; i < options.threads(); i++) {
            Worker worker = new Worker(scheduler, watchdog.slot(), metrics.active());
            workers.add(Thread.ofPlatform()
                    .name("gojinn-worker-" + i)
                    .stackSize(Sandbox.STACK_BYTES)
                    .daemon()
                    .start(worker));
        }
        long periodNanos = EVICTION_PERIOD.toNanos();
        evictions = eviction.scheduleWithFixedDelay(this::evict, periodNanos, periodNanos, TimeUnit.NANOSECONDS);
    }

    /**
     * Makes a prepared module callable under the definition's name and limits, with its warm instances ready. May throw what
     * the engine throws when memory is short.
     */
    public FunctionInvoker add(FunctionDefinition definition, SandboxTemplate template) {
        ScheduledFunction function =
                new ScheduledFunction(definition, template, scheduler, workers.size(), metrics.of(definition.name()));
        function.warm();
        functions.add(function);
        return function;
    }

    private void evict() {
        for (ScheduledFunction function : functions) {
            function.evict();
        }
    }

    /** Accepts nothing more, waits for what was accepted, and closes every instance. */
    @Override
    public void close() {
        scheduler.close();
        evictions.cancel(false);
        eviction.shutdown();
        boolean interrupted = false;
        for (Thread worker : workers) {
            try {
                worker.join(JOIN_TIMEOUT);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        watchdog.close();
        functions.forEach(function -> function.pool().close());
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
