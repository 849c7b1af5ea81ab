package io.gojinn.proxy.function;

import io.gojinn.proxy.http.CollectedBody;
import io.gojinn.proxy.http.DebugLog;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.Tenant;
import io.gojinn.runtime.contract.RequestEnvelope;
import io.gojinn.runtime.contract.ResponseEnvelope;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.channel.SingleThreadEventLoop;
import java.nio.ByteBuffer;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The memory of one call of a function: the body it was given, the envelope it reads, the output it writes.
 *
 * <p>Owned by the worker from the call until {@link #completed}, then by the exchange's event loop, where everything is
 * released once, after the outcome was taken. The envelope replaces the body as soon as it is encoded.
 */
final class FunctionCall implements Invocation {
    private static final Logger FUNCTION_LOG = LoggerFactory.getLogger("gojinn.function");
    private static final Logger LOG = LoggerFactory.getLogger(FunctionCall.class);

    private final EventLoop loop;
    private final CallMemory memory;
    private final @Nullable Tenant tenant;
    private final boolean ofNewRequest;
    private final Phase phase;
    private final RequestEnvelope envelope;
    private final CollectedBody body;
    private final FunctionInvoker function;
    private final String traceId;
    private final Receiver receiver;
    // What the exchange shows its client, and what this call adds to it once it is over; null when it shows nothing.
    private final @Nullable DebugLog shown;
    private final @Nullable DebugLog lines;
    private final AtomicBoolean over = new AtomicBoolean();

    /** Takes an outcome on the event loop. */
    interface Receiver {
        void receive(FunctionCall call, Outcome outcome);
    }

    private FunctionCall(
            Exchange exchange,
            FunctionInvoker function,
            @Nullable Tenant tenant,
            Phase phase,
            RequestEnvelope envelope,
            CollectedBody body,
            Receiver receiver) {
        this.tenant = tenant;
        this.ofNewRequest = tenant != null && exchange.countFor(tenant);
        this.loop = exchange.loop();
        this.memory = new CallMemory(exchange.allocator());
        this.phase = phase;
        this.envelope = envelope;
        this.body = body;
        this.function = function;
        this.traceId = exchange.trace().traceId();
        this.receiver = receiver;
        this.shown = exchange.debugLog();
        this.lines = shown == null ? null : new DebugLog();
    }

    /**
     * Calls a function.
     *
     * @param tenant for whom it is done; null for nobody who is told apart
     * @param body owned; what the envelope's views are of
     * @param receiver takes the outcome on the exchange's event loop, after this has returned; what it wants to keep of the
     *     call's memory it retains
     * @return nothing when the call failed before it began
     */
    static FunctionInvoker.@Nullable Execution start(
            Exchange exchange,
            FunctionInvoker function,
            @Nullable Tenant tenant,
            Phase phase,
            RequestEnvelope envelope,
            CollectedBody body,
            Receiver receiver) {
        FunctionCall call = new FunctionCall(exchange, function, tenant, phase, envelope, body, receiver);
        try {
            return function.invoke(call);
        } catch (RuntimeException defect) {
            // The seam promises an outcome; without one nothing will come to release the call.
            LOG.error("function {} could not be called", function.name(), defect);
            call.completed(new Outcome.Failed(FunctionFailure.INTERNAL, String.valueOf(defect), Outcome.Usage.NONE));
            return null;
        }
    }

    @Override
    public @Nullable Tenant tenant() {
        return tenant;
    }

    @Override
    public boolean isOfNewRequest() {
        return ofNewRequest;
    }

    @Override
    public void admitted(Runnable wake) {
        if (loop instanceof SingleThreadEventLoop thread && thread.inEventLoop()) {
            try {
                // All that this turn of the loop reads comes first: workers are woken once for it.
                thread.executeAfterEventLoopIteration(wake);
                return;
            } catch (RejectedExecutionException stopping) {
                LOG.debug("the loop is about to end", stopping);
            }
        }
        wake.run();
    }

    @Override
    public Phase phase() {
        return phase;
    }

    @Override
    public ByteBuffer input() {
        ByteBuffer encoded = memory.encode(envelope);
        body.release();
        return encoded;
    }

    @Override
    public void write(ByteBuffer source) {
        memory.write(source, function.usualOutputBytes());
    }

    @Override
    public ByteBuffer output() {
        return memory.output();
    }

    /** A part of the output with its own reference, for the answer. */
    ByteBuf outputSlice(int offset, int length) {
        return memory.outputSlice(offset, length);
    }

    /** The body of a response with its own reference. */
    ByteBuf body(ResponseEnvelope response) {
        return outputSlice(response.bodyOffset(), response.bodyLength());
    }

    @Override
    public void log(LogLevel level, String line) {
        if (lines != null) {
            lines.add(level, line);
        }
        FUNCTION_LOG
                .atLevel(
                        switch (level) {
                            case DEBUG -> Level.DEBUG;
                            case INFO -> Level.INFO;
                            case WARN -> Level.WARN;
                            case ERROR -> Level.ERROR;
                        })
                .addKeyValue("function", function.name())
                .addKeyValue("route", envelope.route())
                .addKeyValue("trace_id", traceId)
                .log(line);
    }

    @Override
    public void completed(Outcome outcome) {
        if (!over.compareAndSet(false, true)) {
            LOG.error("function {} completed twice, the second time as {}", function.name(), outcome.label());
            return;
        }
        try {
            loop.execute(() -> finish(outcome));
        } catch (RejectedExecutionException stopped) {
            // The loop is gone, and with it everybody who could use the memory.
            release();
        }
    }

    private void finish(Outcome outcome) {
        if (shown != null && lines != null) {
            shown.addAll(lines);
        }
        try {
            receiver.receive(this, outcome);
        } finally {
            release();
        }
    }

    private void release() {
        body.release();
        memory.release();
    }
}
