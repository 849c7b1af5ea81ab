package io.gojinn.runtime.sandbox;

import com.sun.management.UnixOperatingSystemMXBean;
import io.gojinn.runtime.sandbox.Kernel.KernelException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which parts of linear memory the kernel restores and which are copied, and keeps what is asked of the kernel within
 * bounds. One for an engine; thread-safe.
 *
 * <p>The kernel is left out, and everything copied, where it is not Linux, where it refuses a call, and where direct memory is
 * not page-aligned. The log says so once; {@link #usesKernel} tells at any time.
 */
final class RestorePolicy {
    /** Who restores: both, each where it is faster, or one of them alone. */
    enum Mode {
        AUTO,
        COPY,
        KERNEL
    }

    /** Names the mode, in lower case; for tests and for measuring. */
    static final String MODE_PROPERTY = "gojinn.restore";

    /** From this size the kernel empties memory faster than zeros are written; see docs/decisions/0003. */
    static final long MIN_DROPPED_BYTES = 16 << 10;

    /** From this size mapping data again is faster than copying it; see docs/decisions/0003. */
    static final long MIN_MAPPED_BYTES = 256 << 10;

    /** The default of Linux for vm.max_map_count, for when it cannot be read. */
    private static final int DEFAULT_MAX_MAP_COUNT = 65_530;

    private static final int MAX_DIGITS = 32;

    private static final Logger LOG = LoggerFactory.getLogger(RestorePolicy.class);

    private final @Nullable Kernel kernel;
    private final long minDroppedBytes;
    private final long minMappedBytes;
    private final int maxMappings;
    private final int maxFiles;
    private final AtomicInteger mappings = new AtomicInteger();
    private final AtomicInteger files = new AtomicInteger();
    private final AtomicBoolean boundReported = new AtomicBoolean();
    private final Set<MemorySegment> pinned = ConcurrentHashMap.newKeySet();

    // Set once, by whoever is refused first.
    private volatile boolean refused;

    // Cleared once, when the pages that were written to cannot be told.
    private volatile boolean learns;

    RestorePolicy(Mode mode, @Nullable Kernel kernel, int maxMappings, int maxFiles) {
        this.kernel = mode == Mode.COPY ? null : kernel;
        this.minDroppedBytes = mode == Mode.KERNEL ? 1 : MIN_DROPPED_BYTES;
        this.minMappedBytes = mode == Mode.KERNEL ? 1 : MIN_MAPPED_BYTES;
        this.learns = mode != Mode.COPY;
        this.maxMappings = maxMappings;
        this.maxFiles = maxFiles;
    }

    /** What this machine can do, unless {@link #MODE_PROPERTY} says otherwise. */
    static RestorePolicy detect() {
        return detect(
                Mode.valueOf(System.getProperty(MODE_PROPERTY, Mode.AUTO.name()).toUpperCase(Locale.ROOT)));
    }

    /** What this machine can do in a mode. */
    static RestorePolicy detect(Mode mode) {
        Kernel kernel = mode == Mode.COPY ? null : findKernel();
        // An image within a memory makes two mappings more: half of all is left to the rest of the process.
        return new RestorePolicy(mode, kernel, maxMapCount() / 4, maxFiles());
    }

    private static @Nullable Kernel findKernel() {
        if (!System.getProperty("os.name").equals("Linux")) {
            LOG.info("linear memory is restored by copying: only Linux can do it faster");
            return null;
        }
        Kernel linux;
        try {
            linux = new LinuxKernel();
        } catch (LinkageError | RuntimeException e) {
            LOG.atWarn().setCause(e).log("linear memory is restored by copying: no system calls from here");
            return null;
        }
        long address = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(1)).address();
        if (address % linux.pageBytes() != 0) {
            LOG.warn("linear memory is restored by copying, because direct memory is not page-aligned: "
                    + "start with the gojinn launcher, which sets -Dsun.nio.PageAlignDirectMemory=true");
            return null;
        }
        return linux;
    }

    private static int maxMapCount() {
        // In one read: such a file ends after the first, however short that was.
        try (InputStream file = Files.newInputStream(Path.of("/proc/sys/vm/max_map_count"))) {
            return Integer.parseInt(new String(file.readNBytes(MAX_DIGITS), StandardCharsets.US_ASCII).strip());
        } catch (IOException | NumberFormatException e) {
            return DEFAULT_MAX_MAP_COUNT;
        }
    }

    /** A quarter of the descriptors: most are for connections. */
    private static int maxFiles() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? (int) Math.min(Integer.MAX_VALUE, system.getMaxFileDescriptorCount() / 4)
                : 0;
    }

    /** Whether large memories are restored by the kernel. */
    boolean usesKernel() {
        return kernel() != null;
    }

    /** How many instances have an image mapped. */
    int mappings() {
        return mappings.get();
    }

    /** The most instances that may have an image mapped. */
    int maxMappings() {
        return maxMappings;
    }

    /** What restores large memories; null when everything is to be copied. */
    @Nullable
    Kernel kernel() {
        return refused ? null : kernel;
    }

    /** The granule in which data and zeros are told apart; a divisor of the WebAssembly page. */
    int pageBytes() {
        return kernel == null ? 4_096 : kernel.pageBytes();
    }

    /** Whether emptying so much memory is left to the kernel. */
    boolean drops(long bytes) {
        return bytes >= minDroppedBytes;
    }

    /** Whether so much data is better mapped than copied. */
    boolean maps(long bytes) {
        return bytes >= minMappedBytes;
    }

    /** Whether to find out which pages requests write to. */
    boolean learns() {
        return learns;
    }

    /** Pages that were written to cannot be told: restoring goes on without, at a page fault for each. */
    void cannotLearn(IOException e) {
        if (learns) {
            learns = false;
            LOG.atWarn().setCause(e).log("cannot tell which pages requests write to: restoring them costs more");
        }
    }

    /** Reserves a file; false when there are as many as there may be. */
    boolean acquireFile() {
        return acquire(files, maxFiles, "memory images in files");
    }

    void releaseFile() {
        files.decrementAndGet();
    }

    /** Reserves a mapping; false when there are as many as there may be. */
    boolean acquireMapping() {
        return acquire(mappings, maxMappings, "instances with a mapped image");
    }

    void releaseMapping() {
        mappings.decrementAndGet();
    }

    private boolean acquire(AtomicInteger counter, int bound, String what) {
        if (counter.getAndIncrement() < bound) {
            return true;
        }
        counter.decrementAndGet();
        if (boundReported.compareAndSet(false, true)) {
            LOG.warn("there are {} {}, the most there may be: further ones are restored by copying", bound, what);
        }
        return false;
    }

    /** The kernel refused a call: from now on everything is copied. */
    void refused(KernelException e) {
        if (!refused) {
            refused = true;
            LOG.atWarn().setCause(e).log("linear memory is restored by copying from now on");
        }
    }

    /** Keeps memory from ever being given back to the allocator, because what lies over it cannot be told. */
    void pin(MemorySegment memory) {
        pinned.add(memory);
        LOG.error("{} bytes of linear memory are lost: their mapping could not be undone", memory.byteSize());
    }

    /** Memory that was {@linkplain #pin pinned}. */
    Set<MemorySegment> pinned() {
        return Set.copyOf(pinned);
    }
}
