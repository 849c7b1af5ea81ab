package io.gojinn.runtime;

import io.gojinn.runtime.contract.RequestEnvelope;
import io.gojinn.runtime.contract.RequestEnvelopeEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** An invocation that keeps all it is given. */
public class TestInvocation implements Invocation {
    private final ByteBuffer input;
    private ByteBuffer output = ByteBuffer.allocateDirect(256);
    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();

    /** With the envelope of a request. */
    public TestInvocation(String body) {
        this(envelope(body));
    }

    private TestInvocation(ByteBuffer input) {
        this.input = input;
    }

    /** With something else than an envelope on stdin. */
    public static TestInvocation ofStdin(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new TestInvocation(
                ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
    }

    private static ByteBuffer envelope(String body) {
        RequestEnvelope request = new RequestEnvelope(
                "POST",
                "/here?name=you",
                "/here",
                "name=you",
                "http",
                "localhost",
                List.of(Map.entry("content-type", "text/plain")),
                List.of(ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8))),
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                Map.of(),
                "127.0.0.1",
                "test",
                null);
        return RequestEnvelopeEncoder.encode(request, ByteBuffer.allocateDirect(64), TestInvocation::grow);
    }

    private static ByteBuffer grow(ByteBuffer current, int additional) {
        ByteBuffer larger =
                ByteBuffer.allocateDirect(Math.max(2 * current.capacity(), current.position() + additional));
        return larger.put(current.flip());
    }

    @Override
    public ByteBuffer input() {
        return input.duplicate();
    }

    @Override
    public void write(ByteBuffer source) {
        if (output.remaining() < source.remaining()) {
            output = grow(output, source.remaining());
        }
        output.put(source);
    }

    @Override
    public ByteBuffer output() {
        return output.duplicate().flip();
    }

    @Override
    public void log(LogLevel level, String line) {
        lines.add(level + " " + line);
    }

    @Override
    public void completed(Outcome end) {
        if (!outcome.complete(end)) {
            throw new IllegalStateException("completed twice");
        }
    }

    boolean isCompleted() {
        return outcome.isDone();
    }

    /** Waits for the end. */
    Outcome outcome() {
        return outcome.orTimeout(30, TimeUnit.SECONDS).join();
    }

    /** The label, and what the function said. */
    String answer() {
        return switch (outcome()) {
            case Outcome.Replied replied -> {
                byte[] body = new byte[replied.response().bodyLength()];
                output().get(replied.response().bodyOffset(), body);
                yield replied.response().status() + " " + new String(body, StandardCharsets.UTF_8);
            }
            case Outcome.Passed passed -> "passed " + passed.changes();
            case Outcome.Failed failed -> failed.failure().label();
        };
    }

    List<String> lines() {
        return List.copyOf(lines);
    }
}
