package io.gojinn.runtime.exec;

import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.Outcome.Usage;
import io.gojinn.runtime.contract.ContractViolationException;
import io.gojinn.runtime.contract.MessageChanges;
import io.gojinn.runtime.contract.MiddlewareEnvelopeDecoder;
import io.gojinn.runtime.contract.ResponseEnvelope;
import io.gojinn.runtime.contract.ResponseEnvelopeDecoder;
import io.gojinn.runtime.host.Supervisor;
import io.gojinn.runtime.sandbox.RunEnd;
import io.gojinn.runtime.sandbox.RunTerms;
import io.gojinn.runtime.sandbox.Sandbox;
import io.gojinn.runtime.sandbox.SandboxTemplate.ServeEnd;
import io.prometheus.client.Gauge;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that runs executions, one after the other. It begins in the foreground, with short ones. When one turns out to be
 * long, the worker goes on with it in the background, for good, and another takes its place in the foreground; so nobody
 * waits for it, and the kernel can be told that this thread comes last, which is not easily taken back.
 */
final class Worker implements Runnable, Supervisor {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** How long a background worker stays that has nothing to do. Its stack may have grown to tens of megabytes. */
    private static final long IDLE_NANOS = 10_000_000_000L;

    private static final long UNKNOWN = -1;

    private final Workers workers;
    private final Scheduler scheduler;
    private final Turns turns;
    private final Watchdog.Slot watchdog;
    private final Gauge active;

    private boolean inBackground;
    private Turns.@Nullable Turn turn;

    // Of the execution it runs.
    private @Nullable AdmittedExecution current;
    private long startNanos;
    private long deadlineNanos;
    private long cpuStartNanos;
    private long looksAgainNanos;

    Worker(
            Workers workers,
            Scheduler scheduler,
            Turns turns,
            Watchdog.Slot watchdog,
            Gauge active,
            boolean inBackground) {
        this.workers = workers;
        this.scheduler = scheduler;
        this.turns = turns;
        this.watchdog = watchdog;
        this.active = active;
        this.inBackground = inBackground;
    }

    @Override
    public void run() {
        try (watchdog) {
            if (inBackground) {
                enterBackground();
            } else {
                KernelScheduling.shortTasks();
            }
            boolean more = true;
            while (more) {
                more = runNext();
            }
        } finally {
            workers.ended();
        }
    }

    /**
     * Waits for an execution and runs it; false when none will come. A method of its own: the frame of a worker that waits would
     * hold on to the execution before, and with it to a function that may be gone.
     */
    private boolean runNext() {
        AdmittedExecution execution = inBackground ? scheduler.takeBackground(IDLE_NANOS) : scheduler.takeForeground();
        if (execution == null) {
            return false;
        }
        // Stopping a context may interrupt its thread, late even: the next execution must not feel it.
        Thread.interrupted();
        execution.takenByWorker();
        try {
            run(execution);
        } catch (RuntimeException | Error e) {
            LOG.atError().setCause(e).log("defect in a worker; it goes on");
        } finally {
            endTurn();
            scheduler.done(execution, inBackground);
        }
        return true;
    }

    private void run(AdmittedExecution execution) {
        ScheduledFunction function = execution.function();
        long timeoutNanos = function.limits().timeout().toNanos();
        if (inBackground) {
            workers.keepIdleBackground();
            beginTurn(execution, execution.arrivedNanos() + timeoutNanos);
        }
        long queuedNanos = System.nanoTime() - execution.arrivedNanos();
        if (queuedNanos >= timeoutNanos) {
            function.complete(execution, ScheduledFunction.overloaded("waited for a worker longer than its timeout"));
            return;
        }
        if (execution.isStopped()) {
            function.complete(execution, failed(FunctionFailure.CANCELLED, "cancelled while waiting", Usage.NONE));
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
        startNanos = System.nanoTime();
        deadlineNanos = startNanos + timeoutNanos;
        cpuStartNanos = inBackground ? THREADS.getCurrentThreadCpuTime() : UNKNOWN;
        looksAgainNanos = startNanos + ScheduledFunction.LONG_NANOS;
        current = execution;
        watchdog.arm(execution, deadlineNanos);
        ServeEnd end;
        try {
            RunTerms terms = new RunTerms(execution.invocation(), deadlineNanos, this);
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
            current = null;
        }
        AdmittedExecution.State state = execution.finish();
        long endNanos = System.nanoTime();
        boolean intact = state != AdmittedExecution.State.KILLED && end.run().reusable();
        // Making the next instance is part of what a trap costs.
        function.took(intact ? tookNanos() : ScheduledFunction.LONG_NANOS + tookNanos());
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

    /**
     * What the execution took of a processor; 0 where that is little. The clock of the thread costs a system call, so it is
     * read only for those that ask for a second slice of fuel.
     */
    private long tookNanos() {
        return cpuStartNanos == UNKNOWN ? 0 : THREADS.getCurrentThreadCpuTime() - cpuStartNanos;
    }

    // The supervisor of the execution it runs.

    @Override
    public boolean isStopped() {
        AdmittedExecution execution = Objects.requireNonNull(current);
        if (execution.isStopped()) {
            return true;
        }
        if (inBackground) {
            return !Objects.requireNonNull(turn).next(execution::isStopped, deadlineNanos);
        }
        if (cpuStartNanos == UNKNOWN) {
            cpuStartNanos = THREADS.getCurrentThreadCpuTime();
        }
        long now = System.nanoTime();
        if (now - looksAgainNanos < 0) {
            return false;
        }
        long left = ScheduledFunction.LONG_NANOS - tookNanos();
        looksAgainNanos = now + Math.max(left, ScheduledFunction.LONG_NANOS / 4);
        return left <= 0 && moveToBackground(execution) && !beginTurn(execution, deadlineNanos);
    }

    @Override
    public void asleep() {
        AdmittedExecution execution = Objects.requireNonNull(current);
        if (!inBackground) {
            moveToBackground(execution);
        }
        endTurn();
    }

    @Override
    public void awake() {
        if (inBackground) {
            beginTurn(Objects.requireNonNull(current), deadlineNanos);
        }
    }

    private boolean moveToBackground(AdmittedExecution execution) {
        if (!scheduler.moveToBackground(execution)) {
            return false;
        }
        // Those that wait need not find out for themselves.
        execution.function().took(2 * ScheduledFunction.LONG_NANOS);
        // Before this thread takes itself back: a thread inherits the priority of who starts it.
        workers.startForeground();
        inBackground = true;
        enterBackground();
        return true;
    }

    private void enterBackground() {
        turn = turns.turn();
        KernelScheduling.background();
    }

    private boolean beginTurn(AdmittedExecution execution, long deadlineNanos) {
        return Objects.requireNonNull(turn).begin(execution.function().account(), execution::isStopped, deadlineNanos);
    }

    private void endTurn() {
        if (turn != null) {
            turn.end();
        }
    }

    private static Outcome expired(long timeoutNanos, Usage usage) {
        return failed(FunctionFailure.DEADLINE, "ran for " + timeoutNanos / 1_000_000 + " ms", usage);
    }

    private static Outcome outcome(AdmittedExecution execution, RunEnd end, Usage usage) {
        if (end.failure() != null) {
            return failed(end.failure(), end.detail(), usage);
        }
        Invocation invocation = execution.invocation();
        ByteBuffer output = invocation.output();
        execution.function().wrote(output.remaining());
        try {
            return switch (invocation.phase()) {
                case HANDLER -> new Outcome.Replied(ResponseEnvelopeDecoder.decode(output), usage);
                case REQUEST, RESPONSE ->
                    switch (MiddlewareEnvelopeDecoder.decode(output, invocation.phase())) {
                        case ResponseEnvelope response -> new Outcome.Replied(response, usage);
                        case MessageChanges changes -> new Outcome.Passed(changes, usage);
                    };
            };
        } catch (ContractViolationException e) {
            return failed(FunctionFailure.CONTRACT, String.valueOf(e.getMessage()), usage);
        }
    }

    private static Outcome failed(FunctionFailure failure, String detail, Usage usage) {
        return new Outcome.Failed(failure, detail, usage);
    }
}
