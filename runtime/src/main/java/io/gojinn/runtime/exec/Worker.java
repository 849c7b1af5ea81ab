package io.gojinn.runtime.exec;

import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.Outcome.Usage;
import io.gojinn.runtime.contract.ContractViolationException;
import io.gojinn.runtime.contract.ResponseEnvelopeDecoder;
import io.gojinn.runtime.sandbox.RunEnd;
import io.gojinn.runtime.sandbox.RunTerms;
import io.gojinn.runtime.sandbox.Sandbox;
import io.gojinn.runtime.sandbox.SandboxTemplate.ServeEnd;
import io.prometheus.client.Gauge;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread that runs executions, one after the other. */
final class Worker implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    private final Scheduler scheduler;
    private final Watchdog.Slot watchdog;
    private final Gauge active;

    Worker(Scheduler scheduler, Watchdog.Slot watchdog, Gauge active) {
        this.scheduler = scheduler;
        this.watchdog = watchdog;
        this.active = active;
    }

    @Override
    public void run() {
        try (watchdog) {
            AdmittedExecution execution;
            while ((execution = scheduler.take()) != null) {
                // Stopping a context may interrupt its thread, late even: the next execution must not feel it.
                Thread.interrupted();
                try {
                    run(execution);
                } catch (RuntimeException | Error e) {
                    LOG.atError().setCause(e).log("defect in a worker; it goes on");
                } finally {
                    scheduler.done(execution);
                }
            }
        }
    }

    private void run(AdmittedExecution execution) {
        ScheduledFunction function = execution.function();
        long timeoutNanos = function.limits().timeout().toNanos();
        long queuedNanos = System.nanoTime() - execution.arrivedNanos();
        if (queuedNanos >= timeoutNanos) {
            function.complete(execution, ScheduledFunction.overloaded("waited for a worker longer than its timeout"));
            return;
        }
        Sandbox sandbox;
        try {
            sandbox = function.lease();
        } catch (RuntimeException | Error e) {
            LOG.atError().addKeyValue("function", function.name()).setCause(e).log("cannot make an instance");
            function.complete(execution, failed(FunctionFailure.INTERNAL, "no instance: " + e, Usage.NONE));
            return;
        }
        if (!execution.start(sandbox)) {
            function.complete(execution, failed(FunctionFailure.CANCELLED, "cancelled while waiting", Usage.NONE));
            function.release(sandbox, true);
            return;
        }
        boolean reusable = execute(execution, sandbox, timeoutNanos, queuedNanos);
        function.release(sandbox, reusable);
    }

    /** Runs the guest and completes the execution; returns whether the instance may be restored. */
    private boolean execute(AdmittedExecution execution, Sandbox sandbox, long timeoutNanos, long queuedNanos) {
        ScheduledFunction function = execution.function();
        active.inc();
        long startNanos = System.nanoTime();
        long deadlineNanos = startNanos + timeoutNanos;
        watchdog.arm(execution, deadlineNanos);
        ServeEnd end;
        try {
            RunTerms terms = new RunTerms(execution.invocation(), deadlineNanos, execution::isStopped);
            end = function.template().serve(sandbox, terms, function.limits().fuel());
        } catch (RuntimeException | Error e) {
            // A guest that ended as it was killed leaves a context that answers no more questions: no defect.
            if (!execution.isKilled()) {
                LOG.atError()
                        .addKeyValue("function", function.name())
                        .setCause(e)
                        .log("defect while running a function");
            }
            end = new ServeEnd(new RunEnd(FunctionFailure.INTERNAL, e.toString(), false), 0);
        } finally {
            watchdog.disarm();
        }
        AdmittedExecution.State state = execution.finish();
        long endNanos = System.nanoTime();
        boolean intact = state != AdmittedExecution.State.KILLED && end.run().reusable();
        Usage usage = new Usage(queuedNanos, endNanos - startNanos, end.fuel(), intact ? sandbox.memoryBytes() : 0);
        Outcome outcome = switch (state) {
            case EXPIRED, KILLED -> expired(timeoutNanos, usage);
            case CANCELLED -> failed(FunctionFailure.CANCELLED, "cancelled while running", usage);
            case WAITING, RUNNING, DONE ->
                end.run().failure() == FunctionFailure.DEADLINE
                        ? expired(timeoutNanos, usage)
                        : outcome(execution, end.run(), usage);
        };
        active.dec();
        function.complete(execution, outcome);
        return intact;
    }

    private static Outcome expired(long timeoutNanos, Usage usage) {
        return failed(FunctionFailure.DEADLINE, "ran for " + timeoutNanos / 1_000_000 + " ms", usage);
    }

    private static Outcome outcome(AdmittedExecution execution, RunEnd end, Usage usage) {
        if (end.failure() != null) {
            return failed(end.failure(), end.detail(), usage);
        }
        try {
            return new Outcome.Replied(
                    ResponseEnvelopeDecoder.decode(execution.invocation().output()), usage);
        } catch (ContractViolationException e) {
            return failed(FunctionFailure.CONTRACT, String.valueOf(e.getMessage()), usage);
        }
    }

    private static Outcome failed(FunctionFailure failure, String detail, Usage usage) {
        return new Outcome.Failed(failure, detail, usage);
    }
}
