package io.gojinn.runtime.exec;

import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Tenant;
import io.gojinn.runtime.sandbox.Sandbox;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One execution from admission to its end. The state decides every race between the worker, the watchdog and whoever
 * cancels: who moves it out of {@link State#RUNNING} says how the execution ends. The guest looks at it every millisecond
 * or so and unwinds by itself; only one that does not is killed.
 */
final class AdmittedExecution implements FunctionInvoker.Execution {
    enum State {
        WAITING,
        RUNNING,
        EXPIRED,
        CANCELLED,
        /** Expired, or cancelled and long past its deadline; the instance is gone. */
        KILLED,
        DONE
    }

    private final ScheduledFunction function;
    private final Invocation invocation;
    private final @Nullable Tenant tenant;
    private final long arrivedNanos = System.nanoTime();
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

    // Published by the move to RUNNING.
    private @Nullable Sandbox sandbox;

    // Whom to wake when the execution ends while it waits for something.
    private volatile @Nullable Thread worker;

    AdmittedExecution(ScheduledFunction function, Invocation invocation) {
        this.function = function;
        this.invocation = invocation;
        this.tenant = invocation.tenant();
    }

    ScheduledFunction function() {
        return function;
    }

    Invocation invocation() {
        return invocation;
    }

    /** For whom it is done; null for nobody who counts. */
    @Nullable
    Tenant tenant() {
        return tenant;
    }

    long arrivedNanos() {
        return arrivedNanos;
    }

    /** The calling thread will run it. */
    void takenByWorker() {
        worker = Thread.currentThread();
    }

    /** The worker begins; false when the execution was cancelled before. */
    boolean start(Sandbox lease) {
        sandbox = lease;
        return state.compareAndSet(State.WAITING, State.RUNNING);
    }

    /** Whether it has to end, or need not begin. Asked by the worker. */
    boolean isStopped() {
        // No switch: it would load a class the first time, between the look and the park of who waits in Turns.
        State now = state.get();
        return now != State.WAITING && now != State.RUNNING;
    }

    /** Whether its instance is being closed, or was. */
    boolean isKilled() {
        return state.get() == State.KILLED;
    }

    /** The worker is done; returns DONE, or what ended the execution before. From here on nobody touches the instance. */
    State finish() {
        State before = state.getAndSet(State.DONE);
        return before == State.RUNNING ? State.DONE : before;
    }

    /** The deadline has passed. Called by the watchdog; does not block. */
    void expire() {
        if (state.compareAndSet(State.RUNNING, State.EXPIRED)) {
            LockSupport.unpark(worker);
        }
    }

    /** The guest did not end by itself. Called by the watchdog; does not block. */
    void kill() {
        if (state.compareAndSet(State.EXPIRED, State.KILLED) || state.compareAndSet(State.CANCELLED, State.KILLED)) {
            Sandbox running = Objects.requireNonNull(sandbox);
            // Closing a context waits for its worker to leave; the watchdog must not.
            Thread.ofVirtual().name("gojinn-kill").start(running::kill);
        }
    }

    @Override
    public void cancel() {
        if (state.compareAndSet(State.WAITING, State.CANCELLED)) {
            function.withdraw(this);
        } else {
            state.compareAndSet(State.RUNNING, State.CANCELLED);
        }
        LockSupport.unpark(worker);
    }
}
