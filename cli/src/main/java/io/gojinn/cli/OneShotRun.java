package io.gojinn.cli;

import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One run of a function with an envelope from a file.
 *
 * @param output what it wrote to stdout, as it wrote it
 * @param log what it wrote to stderr and with {@code host_log}
 */
record OneShotRun(Outcome outcome, String output, List<String> log) {
    /** Runs it and waits for the end, which its timeout bounds. */
    static OneShotRun of(FunctionInvoker function, byte[] envelope) {
        Recording recording = new Recording(envelope);
        function.invoke(recording);
        Outcome outcome = recording.completed.join();
        return new OneShotRun(
                outcome, recording.written.toString(StandardCharsets.UTF_8), List.copyOf(recording.lines));
    }

    /** The label of the failure, or null. */
    @Nullable
    String failure() {
        return switch (outcome) {
            case Outcome.Replied replied -> null;
            case Outcome.Passed passed -> null;
            case Outcome.Failed failed -> failed.failure().label();
        };
    }

    void print(PrintWriter out) {
        switch (outcome) {
            case Outcome.Replied replied ->
                out.println("  run         status " + replied.response().status());
            case Outcome.Passed passed -> out.println("  run         lets the message pass");
            case Outcome.Failed failed ->
                out.println("  run         " + failed.label() + ": " + TerminalText.line(failed.detail()));
        }
        out.printf("  time        %.3f ms%n", outcome.usage().executionNanos() / 1e6);
        out.println("  fuel        " + outcome.usage().fuel());
        out.println("  peak memory " + outcome.usage().memoryBytes() + " bytes");
        for (String line : log) {
            out.println("  log         " + TerminalText.line(line));
        }
        out.println("  output      " + TerminalText.line(output));
    }

    Map<String, Object> toMap() {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("outcome", outcome.label());
        switch (outcome) {
            case Outcome.Replied replied ->
                members.put("status", replied.response().status());
            case Outcome.Passed passed -> members.put("passes", true);
            case Outcome.Failed failed -> members.put("detail", failed.detail());
        }
        members.put("execution_nanos", outcome.usage().executionNanos());
        members.put("fuel", outcome.usage().fuel());
        members.put("peak_memory_bytes", outcome.usage().memoryBytes());
        members.put("log", log);
        members.put("output", output);
        return members;
    }

    private static final class Recording implements Invocation {
        private final ByteBuffer input;
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();
        private final List<String> lines = new ArrayList<>();
        private final CompletableFuture<Outcome> completed = new CompletableFuture<>();

        Recording(byte[] envelope) {
            input = ByteBuffer.allocateDirect(envelope.length).put(envelope).flip();
        }

        @Override
        public ByteBuffer input() {
            return input;
        }

        @Override
        public void write(ByteBuffer source) {
            byte[] bytes = new byte[source.remaining()];
            source.get(bytes);
            written.writeBytes(bytes);
        }

        @Override
        public ByteBuffer output() {
            return ByteBuffer.wrap(written.toByteArray());
        }

        @Override
        public void log(LogLevel level, String line) {
            lines.add(level.name().toLowerCase(Locale.ROOT) + " " + line);
        }

        @Override
        public void completed(Outcome outcome) {
            completed.complete(outcome);
        }
    }
}
