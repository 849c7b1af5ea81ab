package io.gojinn.runtime.exec;

import io.gojinn.runtime.Admission;
import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.Outcome.Usage;
import io.gojinn.runtime.Tenant;
import io.gojinn.runtime.sandbox.Sandbox;
import io.gojinn.runtime.sandbox.SandboxTemplate;
import org.jspecify.annotations.Nullable;

/** A function with its place in the scheduler and its idle instances. Thread-safe. */
final class ScheduledFunction implements FunctionInvoker, FunctionMetrics.Use {
    /** What one execution may keep another waiting for: a few times what a short one takes. */
    static final long LONG_NANOS = 250_000;

    // Some twenty short executions in a row, after a long one, make a function one of short executions again.
    private static final int LENGTH_DECAY = 16;
    private static final long MOST_NANOS = 4 * LONG_NANOS;

    // A few long outputs must not make every execution hold as much memory.
    private static final int OUTPUT_DECAY = 16;
    private static final int MOST_USUAL_OUTPUT_BYTES = 1 << 20;

    private final FunctionDefinition definition;
    private final SandboxTemplate template;
    private final Scheduler scheduler;
    private final Runnable wake;
    private final Scheduler.Lane lane;
    private final InstancePool pool;
    private final FunctionMetrics.OfFunction metrics;
    private final Turns.Account account = new Turns.Account();

    // What its executions take of a processor, and what they write. What races lose does no harm.
    private long lengthNanos;
    private int outputBytes;

    // Set once nobody calls it any more.
    private volatile @Nullable Runnable retired;

    ScheduledFunction(
            FunctionDefinition definition,
            SandboxTemplate template,
            Scheduler scheduler,
            int places,
            FunctionMetrics metrics) {
        this.definition = definition;
        this.template = template;
        this.scheduler = scheduler;
        this.wake = scheduler::wake;
        this.lane = new Scheduler.Lane(
                definition.limits().concurrency(), definition.limits().queue());
        this.metrics = metrics.of(definition.name(), this);
        this.pool = new InstancePool(
                Math.max(
                        Math.min(places, definition.limits().concurrency()),
                        definition.instances().warm()),
                this.metrics.idle());
    }

    @Override
    public String name() {
        return definition.name();
    }

    @Override
    public FunctionLimits limits() {
        return definition.limits();
    }

    @Override
    public int usualOutputBytes() {
        return outputBytes;
    }

    @Override
    public int running() {
        return scheduler.running(lane);
    }

    @Override
    public int waiting() {
        return scheduler.waiting(lane);
    }

    @Override
    public FunctionInvoker.Execution invoke(Invocation invocation) {
        AdmittedExecution execution = new AdmittedExecution(this, invocation);
        Admission admission = scheduler.submit(execution);
        if (admission != Admission.ADMITTED) {
            metrics.rejected(admission).inc();
            report(execution, overloaded("no room: at the bound of the " + admission.label()));
        } else {
            invocation.admitted(wake);
        }
        return execution;
    }

    /** Completes an execution that was cancelled while it waited. */
    void withdraw(AdmittedExecution execution) {
        if (scheduler.remove(execution)) {
            complete(execution, new Outcome.Failed(FunctionFailure.CANCELLED, "cancelled while waiting", Usage.NONE));
        }
    }

    /** Reports the end of an execution that was admitted; the invocation is the caller's again. */
    void complete(AdmittedExecution execution, Outcome outcome) {
        Tenant tenant = execution.tenant();
        if (tenant != null) {
            tenant.leave(outcome.usage().fuel());
        }
        report(execution, outcome);
    }

    private void report(AdmittedExecution execution, Outcome outcome) {
        switch (outcome) {
            case Outcome.Replied replied -> metrics.replied().inc();
            case Outcome.Passed passed -> metrics.replied().inc();
            case Outcome.Failed failed -> metrics.failed(failed.failure()).inc();
        }
        Usage usage = outcome.usage();
        if (usage.executionNanos() > 0) {
            metrics.duration().observe(usage.executionNanos() / 1e9);
            metrics.fuel().inc((double) usage.fuel());
        }
        execution.invocation().completed(outcome);
    }

    static Outcome overloaded(String detail) {
        return new Outcome.Failed(FunctionFailure.OVERLOADED, detail, Usage.NONE);
    }

    /** Makes the instances that are to be ready before the first request. */
    void warm() {
        for (int i = 0; i < definition.instances().warm(); i++) {
            metrics.instantiations().inc();
            pool.offer(template.open(definition));
        }
    }

    /** Closes instances that were idle for too long. */
    void evict() {
        pool.evict(
                definition.instances().idle().toNanos(), definition.instances().warm());
    }

    /** Nobody calls it any more; {@code closed} is to be told when it is closed. */
    void retire(Runnable closed) {
        retired = closed;
    }

    boolean isRetired() {
        return retired != null;
    }

    /** Closes its instances. Nothing of it waits or runs. */
    void close() {
        pool.close();
        metrics.close();
        Runnable closed = retired;
        if (closed != null) {
            closed.run();
        }
    }

    /** A pristine instance, for the calling worker alone. */
    Sandbox lease() {
        Sandbox idle = pool.poll();
        if (idle != null) {
            return idle;
        }
        metrics.instantiations().inc();
        return template.open(definition);
    }

    /** Takes an instance back after a run; restores it, or closes it when that cannot be. */
    void release(Sandbox instance, boolean reusable) {
        if (reusable && template.restore(instance)) {
            pool.offer(instance);
        } else {
            instance.close();
        }
    }

    /** Takes note of what an execution took of a processor. One long one outweighs many short ones that follow. */
    void took(long nanos) {
        long held = lengthNanos;
        lengthNanos = Math.max(Math.min(nanos, MOST_NANOS), held - held / LENGTH_DECAY);
    }

    /** Takes note of what an execution wrote. */
    void wrote(int bytes) {
        int usual = outputBytes;
        outputBytes = Math.max(Math.min(bytes, MOST_USUAL_OUTPUT_BYTES), usual - usual / OUTPUT_DECAY);
    }

    /** Whether its executions are likely to be long. */
    boolean isLong() {
        return lengthNanos > LONG_NANOS;
    }

    Turns.Account account() {
        return account;
    }

    SandboxTemplate template() {
        return template;
    }

    Scheduler.Lane lane() {
        return lane;
    }

    InstancePool pool() {
        return pool;
    }
}
