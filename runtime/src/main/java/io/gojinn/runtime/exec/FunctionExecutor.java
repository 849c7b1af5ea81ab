package io.gojinn.runtime.exec;

import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.RuntimeOptions;
import io.gojinn.runtime.sandbox.SandboxTemplate;
import io.prometheus.client.CollectorRegistry;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The functions, and the workers that run them. */
public final class FunctionExecutor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FunctionExecutor.class);

    /** How often idle instances are looked for: they may be kept longer than configured by this much. */
    private static final Duration EVICTION_PERIOD = Duration.ofSeconds(1);

    /**
     * How many long executions are under way for each that runs: 32 at once on two cores with some to spare. Each has a
     * thread, with its stack, and an instance.
     */
    private static final int BACKGROUND_PLACES = 20;

    private final Scheduler scheduler;
    private final FunctionMetrics metrics;
    private final Workers workers;
    private final int places;
    private final Set<ScheduledFunction> functions = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService eviction = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("gojinn-idle").daemon().factory());
    private final Runnable upkeep;

    /**
     * Starts the workers.
     *
     * @param upkeep done once a second, and not any more when {@link #close} has returned
     */
    public FunctionExecutor(RuntimeOptions options, CollectorRegistry registry, Runnable upkeep) {
        this.upkeep = upkeep;
        int threads = options.threads();
        places = threads + threads * BACKGROUND_PLACES;
        scheduler = new Scheduler(threads, threads * BACKGROUND_PLACES, options.queue());
        metrics = new FunctionMetrics(registry, scheduler::waiting, scheduler::inBackground);
        workers = new Workers(threads, scheduler, metrics);
        long periodNanos = EVICTION_PERIOD.toNanos();
        ScheduledFuture<?> _ =
                eviction.scheduleWithFixedDelay(this::tick, periodNanos, periodNanos, TimeUnit.NANOSECONDS);
    }

    /**
     * Makes a prepared module callable under the definition's name and limits, with its warm instances ready. May throw what
     * the engine throws when memory is short.
     */
    public FunctionInvoker add(FunctionDefinition definition, SandboxTemplate template) {
        ScheduledFunction function = new ScheduledFunction(definition, template, scheduler, places, metrics);
        try {
            function.warm();
        } catch (RuntimeException | Error e) {
            function.close();
            throw e;
        }
        functions.add(function);
        return function;
    }

    /**
     * Lets go of a function that nobody calls any more. What waits or runs goes on; then its instances are closed.
     *
     * @param closed called once they are
     */
    public void remove(FunctionInvoker function, Runnable closed) {
        ScheduledFunction removed = (ScheduledFunction) function;
        removed.retire(closed);
        closeIfDone(removed);
    }

    private void closeIfDone(ScheduledFunction retired) {
        if (scheduler.isIdle(retired.lane()) && functions.remove(retired)) {
            retired.close();
        }
    }

    private void tick() {
        try {
            evict();
            upkeep.run();
        } catch (RuntimeException | Error defect) {
            LOG.error("defect in the upkeep of functions; it goes on", defect);
        }
    }

    private void evict() {
        for (ScheduledFunction function : functions) {
            if (function.isRetired()) {
                closeIfDone(function);
            } else {
                function.evict();
            }
        }
    }

    /** Accepts nothing more, waits for what was accepted, and closes every instance. */
    @Override
    public void close() {
        scheduler.close();
        // Waits: what it does needs the engine.
        eviction.close();
        workers.close();
        functions.forEach(function -> function.pool().close());
    }
}
