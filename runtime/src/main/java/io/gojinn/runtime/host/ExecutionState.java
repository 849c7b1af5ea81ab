package io.gojinn.runtime.host;

import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Invocation.LogLevel;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What host functions know of the execution they are called from. One object an instance, set to the next execution by
 * {@link #begin} and holding nothing of it after {@link #end}. Confined to the worker that holds the instance.
 */
public final class ExecutionState {
    private static final ByteBuffer NO_INPUT = ByteBuffer.allocateDirect(0);

    /** The most lines of diagnostics one execution may leave; further ones are counted and dropped. */
    public static final int MAX_LOG_LINES = 1_000;

    /** The most characters of one line of diagnostics; the rest is cut off. */
    public static final int MAX_LOG_LINE_CHARS = 8_192;

    /** How long a sleeping guest may not notice that it was stopped, should it miss being woken. */
    private static final long MAX_SLEEP_NANOS = 50_000_000;

    private final Fuel fuel;
    private final String functionName;
    private final Map<String, String> environment;
    private final int maxOutputBytes;

    private @Nullable Invocation invocation;
    private ByteBuffer input = NO_INPUT;
    private Supervisor supervisor = () -> false;
    private long deadlineNanos;
    private int outputBytes;
    private int logLines;

    /** Of the instances of one function. */
    public ExecutionState(Fuel fuel, String functionName, Map<String, String> environment, int maxOutputBytes) {
        this.fuel = fuel;
        this.functionName = functionName;
        this.environment = environment;
        this.maxOutputBytes = maxOutputBytes;
    }

    /**
     * Starts an execution.
     *
     * @param invocation null while the module initialises, which has no request: stdin is empty, output is dropped
     * @param deadlineNanos by {@link System#nanoTime}
     */
    public void begin(@Nullable Invocation invocation, long deadlineNanos, Supervisor supervisor) {
        this.invocation = invocation;
        this.supervisor = supervisor;
        this.input = invocation == null ? NO_INPUT : invocation.input();
        this.deadlineNanos = deadlineNanos;
        this.outputBytes = 0;
        this.logLines = 0;
    }

    /** Charges the guest for work of the host whose size the guest chose; see {@link Fuel#charge}. */
    public void charge(long units) {
        fuel.charge(units);
    }

    /** Forgets the execution. */
    public void end() {
        if (logLines > MAX_LOG_LINES && invocation != null) {
            invocation.log(LogLevel.WARN, (logLines - MAX_LOG_LINES) + " further lines were dropped");
        }
        invocation = null;
        supervisor = () -> false;
        input = NO_INPUT;
    }

    public String functionName() {
        return functionName;
    }

    /** All variables the function may see. */
    public Map<String, String> environment() {
        return environment;
    }

    /** What stdin has left, from position to limit. */
    public ByteBuffer input() {
        return input;
    }

    /** When the execution has to be over, by {@link System#nanoTime}. */
    public long deadlineNanos() {
        return deadlineNanos;
    }

    /**
     * To be called at every slice of fuel, and by host functions that loop. May wait for the execution's turn.
     *
     * @throws GuestUnwind.Stopped when the execution was stopped or its deadline has passed
     */
    public void checkDeadline() {
        if (supervisor.isStopped() || System.nanoTime() - deadlineNanos >= 0) {
            throw new GuestUnwind.Stopped();
        }
    }

    /**
     * Lets the guest wait, while others run.
     *
     * @param nanos how long; it may be less
     * @throws GuestUnwind.Stopped as {@link #checkDeadline}, before and afterwards
     */
    public void sleep(long nanos) {
        checkDeadline();
        supervisor.asleep();
        try {
            LockSupport.parkNanos(this, Math.min(Math.min(nanos, MAX_SLEEP_NANOS), deadlineNanos - System.nanoTime()));
        } finally {
            supervisor.awake();
        }
        checkDeadline();
    }

    /**
     * Appends to stdout.
     *
     * @throws GuestUnwind.OutputLimit before anything beyond the limit is kept
     */
    public void write(ByteBuffer source) {
        int length = source.remaining();
        if (length > maxOutputBytes - outputBytes) {
            throw new GuestUnwind.OutputLimit(maxOutputBytes);
        }
        outputBytes += length;
        if (invocation != null) {
            invocation.write(source);
        }
    }

    /** Whether stdout has taken anything. */
    public boolean hasOutput() {
        return outputBytes > 0;
    }

    /** Leaves a line of diagnostics; bounded in length and number. */
    public void log(LogLevel level, String line) {
        if (logLines++ >= MAX_LOG_LINES || invocation == null) {
            return;
        }
        invocation.log(level, line.length() <= MAX_LOG_LINE_CHARS ? line : line.substring(0, MAX_LOG_LINE_CHARS) + "…");
    }
}
