package io.gojinn.proxy.function;

import com.sun.management.ThreadMXBean;
import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.FunctionRuntime;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.Invocation;
import io.gojinn.runtime.Outcome;
import io.gojinn.runtime.RuntimeOptions;
import io.gojinn.runtime.contract.RequestEnvelope;
import io.netty.buffer.ByteBufAllocator;
import io.prometheus.client.CollectorRegistry;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Counts the bytes that are copied for a function that answers with the body it gets: from the network's buffer into the
 * envelope, from there into linear memory, from there into the buffer of the answer, and whatever is moved once more since a
 * buffer was too small; and what is allocated on the heap meanwhile, by all threads, the engine's compiler included. Heads of
 * messages are counted in.
 *
 * <p>{@code jmh-benchmarks/run -main io.gojinn.proxy.function.CopyMain [requests]}
 */
public final class CopyMain {
    private CopyMain() {}

    /** Runs once. */
    @SuppressWarnings("SystemOut") // what it is for
    public static void main(String... arguments) throws Exception {
        int requests = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 2_000;
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (FunctionRuntime runtime = FunctionRuntime.start(new RuntimeOptions(1, 64), new CollectorRegistry())) {
            FunctionInvoker echo = runtime.prepare(new FunctionDefinition(
                            "echo",
                            Path.of("config-examples/functions/echo.wasm"),
                            new FunctionLimits(
                                    Duration.ofSeconds(60), Long.MAX_VALUE / 2, 256 << 20, 64 << 20, 64 << 20, 1, 8),
                            Map.of(),
                            InstancePolicy.defaults()))
                    .invoker();
            System.out.printf(
                    "%-6s %11s %11s %11s %11s %11s %11s%n",
                    "body", "bytes", "to envelope", "to function", "from it", "moved again", "on the heap");
            for (String kind : List.of("text", "JSON", "binary")) {
                for (int bytes : new int[] {0, 1 << 10, 64 << 10, 1 << 20}) {
                    ByteBuffer body = body(kind, bytes);
                    int times = Math.max(20, Math.min(requests, (64 << 20) / Math.max(1, bytes)));
                    // The outputs before were of another size.
                    run(echo, body, times);
                    long before = threads.getTotalThreadAllocatedBytes();
                    Copied copied = run(echo, body, times);
                    long heap = threads.getTotalThreadAllocatedBytes() - before;
                    System.out.printf(
                            "%-6s %,11d %,11d %,11d %,11d %,11d %,11d%n",
                            kind,
                            bytes,
                            copied.toEnvelope / times,
                            copied.toFunction / times,
                            copied.fromFunction / times,
                            copied.again / times,
                            heap / times);
                }
            }
        }
    }

    private static ByteBuffer body(String kind, int bytes) {
        ByteBuffer body = ByteBuffer.allocateDirect(bytes);
        byte[] piece = switch (kind) {
            case "text" -> "plain text ".getBytes(StandardCharsets.US_ASCII);
            case "JSON" -> "{\"id\":\"1\",\"value\":100}\n".getBytes(StandardCharsets.US_ASCII);
            default -> new byte[1 << 10];
        };
        if (kind.equals("binary")) {
            new Random(1).nextBytes(piece);
        }
        while (body.hasRemaining()) {
            body.put(piece, 0, Math.min(piece.length, body.remaining()));
        }
        return body.flip();
    }

    private static Copied run(FunctionInvoker function, ByteBuffer body, int times) throws InterruptedException {
        Copied copied = new Copied();
        Semaphore ended = new Semaphore(0);
        for (int i = 0; i < times; i++) {
            function.invoke(new Call(function, body, copied, ended));
            ended.acquire();
        }
        return copied;
    }

    /** Sums of bytes. */
    private static final class Copied {
        private long toEnvelope;
        private long toFunction;
        private long fromFunction;
        private long again;
    }

    /** One call, in memory as the proxy gives it to calls. */
    private static final class Call implements Invocation {
        private final FunctionInvoker function;
        private final ByteBuffer body;
        private final Copied copied;
        private final Semaphore ended;
        private final CallMemory memory = new CallMemory(ByteBufAllocator.DEFAULT);
        private @Nullable ByteBuffer input;

        Call(FunctionInvoker function, ByteBuffer body, Copied copied, Semaphore ended) {
            this.function = function;
            this.body = body;
            this.copied = copied;
            this.ended = ended;
        }

        @Override
        public ByteBuffer input() {
            ByteBuffer envelope = memory.encode(new RequestEnvelope(
                    "POST",
                    "/",
                    "/",
                    "",
                    "http",
                    "localhost",
                    List.of(Map.entry("accept", "*/*")),
                    List.of(body.duplicate()),
                    "t",
                    Map.of(),
                    "127.0.0.1",
                    "copy",
                    null));
            copied.toEnvelope += envelope.remaining();
            input = envelope;
            return envelope;
        }

        @Override
        public void write(ByteBuffer source) {
            copied.fromFunction += source.remaining();
            memory.write(source, function.usualOutputBytes());
        }

        @Override
        public ByteBuffer output() {
            return memory.output();
        }

        @Override
        public void log(LogLevel level, String line) {}

        @Override
        public void completed(Outcome outcome) {
            if (!(outcome instanceof Outcome.Replied replied)
                    || replied.response().bodyLength() != body.remaining()
                    || input == null) {
                throw new IllegalStateException(outcome.toString());
            }
            copied.toFunction += input.position();
            copied.again += memory.movedBytes();
            memory.release();
            ended.release();
        }
    }
}
