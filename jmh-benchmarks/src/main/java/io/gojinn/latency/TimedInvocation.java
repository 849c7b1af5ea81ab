package io.gojinn.latency;

import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.contract.RequestEnvelope;
import io.gojinn.runtime.contract.RequestEnvelopeEncoder;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/** A small request that knows when its guest began and how it ended. */
final class TimedInvocation implements Invocation {
    private final ByteBuffer input = encode();
    private final ByteBuffer output = ByteBuffer.allocateDirect(4_096);
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();

    // Published by the latch and the future.
    private long enteredNanos;
    private long endedNanos;

    private static ByteBuffer encode() {
        RequestEnvelope request = new RequestEnvelope(
                "GET",
                "/",
                "/",
                "",
                "http",
                "localhost",
                List.of(),
                List.of(),
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                Map.of(),
                "127.0.0.1",
                "benchmark",
                null);
        return RequestEnvelopeEncoder.encode(request, ByteBuffer.allocateDirect(8_192), (buffer, additional) -> {
            throw new IllegalStateException("the request is larger than 8 KiB");
        });
    }

    /** Asked for by the worker right before the guest's first instruction. */
    @Override
    public ByteBuffer input() {
        if (entered.getCount() > 0) {
            enteredNanos = System.nanoTime();
            entered.countDown();
        }
        return input.duplicate();
    }

    @Override
    public void write(ByteBuffer source) {
        output.put(source);
    }

    @Override
    public ByteBuffer output() {
        return output.duplicate().flip();
    }

    @Override
    public void log(LogLevel level, String line) {}

    @Override
    public void completed(Outcome end) {
        endedNanos = System.nanoTime();
        outcome.complete(end);
    }

    void awaitEntry() throws InterruptedException {
        entered.await();
    }

    Outcome awaitEnd() {
        return outcome.join();
    }

    /** By {@link System#nanoTime}; after {@link #awaitEntry}. */
    long enteredNanos() {
        return enteredNanos;
    }

    /** By {@link System#nanoTime}; after {@link #awaitEnd}. */
    long endedNanos() {
        return endedNanos;
    }
}
