package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.contract.RequestEnvelope;
import io.gojinn.runtime.contract.RequestEnvelopeEncoder;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** The same small request again and again; its answer is kept until the next. */
final class BenchmarkInvocation implements Invocation {
    private final ByteBuffer input;
    private final ByteBuffer output = ByteBuffer.allocateDirect(64 << 10);

    BenchmarkInvocation() {
        RequestEnvelope request = new RequestEnvelope(
                "GET",
                "/greet?name=you",
                "/greet",
                "name=you",
                "http",
                "localhost",
                List.of(Map.entry("accept", "application/json")),
                List.of(),
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                Map.of(),
                "127.0.0.1",
                "benchmark",
                null);
        input = RequestEnvelopeEncoder.encode(request, ByteBuffer.allocateDirect(4_096), (buffer, additional) -> {
            throw new IllegalStateException("the request is larger than 4 KiB");
        });
    }

    @Override
    public ByteBuffer input() {
        output.clear();
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
    public void completed(Outcome outcome) {}
}
