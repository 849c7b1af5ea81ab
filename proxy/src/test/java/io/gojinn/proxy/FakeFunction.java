package io.gojinn.proxy;

import io.gojinn.runtime.FunctionFailure;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.contract.ResponseEnvelope;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A function that runs a piece of Java on a thread of its own. */
record FakeFunction(FunctionLimits limits, Body body, AtomicInteger cancelled) implements FunctionInvoker {
    private static final Outcome.Usage USAGE = new Outcome.Usage(1, 2, 3, 4);

    /** What the function does with a call. */
    interface Body {
        void run(Invocation invocation);
    }

    FakeFunction(Body body) {
        this(limits(1 << 20), body, new AtomicInteger());
    }

    static FunctionLimits limits(int maxBodyBytes) {
        return new FunctionLimits(Duration.ofSeconds(1), 1_000_000, 1 << 20, 1 << 20, maxBodyBytes, 8, 8);
    }

    /** Answers with the envelope it was given. */
    static FakeFunction echo() {
        return new FakeFunction(invocation -> {
            ByteBuffer input = invocation.input();
            byte[] copy = new byte[input.remaining()];
            input.get(copy);
            reply(invocation, 200, new String(copy, StandardCharsets.UTF_8));
        });
    }

    static FakeFunction failing(FunctionFailure failure) {
        return new FakeFunction(invocation -> {
            invocation.input();
            invocation.completed(new Outcome.Failed(failure, "secret detail", USAGE));
        });
    }

    /** Writes a body between two other bytes, so that offsets matter, and completes. */
    static void reply(Invocation invocation, int status, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        invocation.write(ByteBuffer.wrap("<".getBytes(StandardCharsets.UTF_8)));
        invocation.write(ByteBuffer.wrap(bytes));
        invocation.write(ByteBuffer.wrap(">".getBytes(StandardCharsets.UTF_8)));
        int length = invocation.output().remaining();
        invocation.completed(new Outcome.Replied(
                new ResponseEnvelope(status, List.of(new ResponseEnvelope.Header("X-From", "function")), 1, length - 2),
                USAGE));
    }

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public Execution invoke(Invocation invocation) {
        Thread.ofVirtual().start(() -> body.run(invocation));
        return cancelled::incrementAndGet;
    }
}
