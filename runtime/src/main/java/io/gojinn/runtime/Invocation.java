package io.gojinn.runtime;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One call of a function, implemented by the caller, who owns the memory: the request envelope that becomes stdin, the
 * buffer that takes stdout, and what happens when it is over.
 *
 * <p>All methods but {@link #completed}, and where they say so, are called by the one worker thread that runs the execution. Once {@code
 * completed} has been called the runtime uses nothing of the invocation again.
 */
public interface Invocation {
    /** What the function is called as; decides which answers are valid. */
    default Phase phase() {
        return Phase.HANDLER;
    }

    /** For whom it is done, so that room is shared fairly; null for nobody who counts. Asked for once, by the caller's thread. */
    default @Nullable Tenant tenant() {
        return null;
    }

    /** Whether it is the first of a request for that tenant, and so takes one of its requests. */
    default boolean isOfNewRequest() {
        return true;
    }

    /**
     * There is room for the call. Called once, by the caller's thread, before {@link FunctionInvoker#invoke} returns; the execution
     * may be under way already.
     *
     * @param wake gets a worker to come, from any thread. Must be run; who is about to make more calls may do so after them,
     *     and several calls then share the cost of waking a thread
     */
    default void admitted(Runnable wake) {
        wake.run();
    }

    /**
     * The whole request envelope, from position to limit. Called once, when a worker is ready to run the execution, so
     * that a call that is turned away never costs its encoding.
     */
    ByteBuffer input();

    /**
     * Appends to the output. The runtime has already checked the bytes against {@link FunctionLimits#maxOutputBytes()}.
     *
     * @param source read from position to limit, valid only during the call
     */
    void write(ByteBuffer source);

    /**
     * All that was written, from position to limit, as one writable buffer: the runtime decodes the response in place, so
     * that {@link io.gojinn.runtime.contract.MiddlewareEnvelope}s can point into it.
     */
    ByteBuffer output();

    /**
     * A line of diagnostics from the function (stderr or {@code host_log}), already bounded in length and number.
     *
     * @param line may hold any character: the receiver escapes it for its format
     */
    void log(LogLevel level, String line);

    /**
     * The end of the execution. Called exactly once: on the worker thread, or on the thread that called {@link
     * FunctionInvoker#invoke} when the call was turned away. Must not block.
     */
    void completed(Outcome outcome);

    /** What a function is called as. */
    enum Phase {
        /** It answers the request. */
        HANDLER,
        /** It is middleware, and the request is on its way. */
        REQUEST,
        /** It is middleware, and the response is on its way. */
        RESPONSE
    }

    /** Severity of a line of diagnostics; the order is that of the host function's level numbers. */
    enum LogLevel {
        DEBUG,
        INFO,
        WARN,
        ERROR
    }
}
