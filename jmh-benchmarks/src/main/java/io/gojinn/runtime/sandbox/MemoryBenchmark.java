package io.gojinn.runtime.sandbox;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Restoring memory by copying and by the kernel, without a guest: pages are dirtied, then restored. Where the lines cross is
 * where the thresholds of {@link RestorePolicy} lie.
 *
 * <p>{@code jmh-benchmarks/run MemoryBenchmark}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class MemoryBenchmark {
    private static final int PAGE_BYTES = 4_096;

    /** Who restores. */
    @Param({"COPY", "KERNEL"})
    public String mode = "";

    /** Whether the memory holds data or zeros. */
    @Param({"data", "zeros"})
    public String content = "";

    /** The size of the memory. */
    @Param({"64", "128", "256", "512", "1024", "4096", "65536"})
    public int kibibytes;

    /** How many pages a request writes to, evenly spread. */
    @Param({"4", "16", "64"})
    public int dirtyPages;

    private ByteBuffer memory = ByteBuffer.allocateDirect(0);
    private int stride;

    @SuppressWarnings("NullAway.Init")
    private MemoryImage image;

    @SuppressWarnings("NullAway.Init")
    private RestorableMemory restorable;

    /** Captures and binds. */
    @Setup(Level.Trial)
    public void capture() {
        memory = ByteBuffer.allocateDirect(kibibytes << 10);
        if (content.equals("data")) {
            for (int page = 0; page < memory.capacity(); page += PAGE_BYTES) {
                memory.put(page, (byte) 1);
            }
        }
        MemorySegment segment = MemorySegment.ofBuffer(memory);
        image = new MemoryImage(segment, RestorePolicy.detect(RestorePolicy.Mode.valueOf(mode)));
        restorable = new RestorableMemory(image, segment);
        stride = Math.max(PAGE_BYTES, memory.capacity() / dirtyPages / PAGE_BYTES * PAGE_BYTES);
    }

    /** Gives all back. */
    @TearDown(Level.Trial)
    public void close() {
        restorable.close();
        image.close();
    }

    /** One request. */
    @Benchmark
    public void dirtyAndRestore() {
        for (int page = 0; page < memory.capacity(); page += stride) {
            memory.put(page + 8, (byte) 2);
        }
        restorable.restore();
    }
}
