package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.sandbox.Kernel.KernelException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Linear memory as it was captured: data, with nothing but zeros before and after. The data lie in a sealed file in memory when
 * instances are to map them, else in memory of this process, small ones compressed while no instance needs them. What was captured is immutable; the plan of restoring it learns
 * which pages requests write to. Shared by the instances of a template; thread-safe.
 *
 * <p>Closed by its template. After that no instance can be restored; those that map the file keep what they see.
 */
final class MemoryImage implements AutoCloseable {
    /** With more pages than these that every request writes to, all are dropped: 4 MiB would be copied for certain. */
    private static final int MAX_HOT_PAGES = 1_024;

    /** In memories up to this size a page that one request wrote to is copied ever after. */
    private static final long MAX_COPIED_ONCE_SEEN = 256 << 10;

    private final RestorePolicy policy;
    private final long memoryBytes;
    private final long dataStart;
    private final Arena arena = Arena.ofShared();
    private final long dataBytes;
    private final @Nullable ImageFile file;

    // One of both: many small images rest while they are not used, the few large ones stay outside the heap.
    private final @Nullable RestingBytes resting;
    private final @Nullable MemorySegment data;

    private final BitSet copied;

    // Publishes an immutable plan.
    private volatile RestorePlan plan;

    // Guarded by this.
    private @Nullable BitSet lastDirty;

    /** A file that holds the data. */
    record ImageFile(Kernel kernel, int descriptor) {}

    /** Captures a memory. */
    MemoryImage(MemorySegment memory, RestorePolicy policy) {
        this.policy = policy;
        memoryBytes = memory.byteSize();
        int page = policy.pageBytes();
        long start = 0;
        long end = memoryBytes;
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment zeros = temporary.allocate(page);
            while (end > 0 && memory.asSlice(end - page, page).mismatch(zeros) < 0) {
                end -= page;
            }
            while (start < end && memory.asSlice(start, page).mismatch(zeros) < 0) {
                start += page;
            }
        }
        dataStart = start;
        MemorySegment captured = memory.asSlice(dataStart, end - dataStart);
        file = createFile(captured);
        dataBytes = captured.byteSize();
        if (file != null) {
            data = view(file, captured);
            resting = null;
        } else if (dataBytes < RestorePolicy.MIN_MAPPED_BYTES) {
            data = null;
            resting = new RestingBytes(captured.toArray(ValueLayout.JAVA_BYTE));
        } else {
            data = arena.allocate(dataBytes).copyFrom(captured);
            resting = null;
        }
        copied = copied(memory, page);
        if (file != null) {
            copied.clear((int) (dataStart / page), (int) (end / page));
        }
        plan = RestorePlan.of(copied, page);
    }

    /** All but the zeros that are better dropped, wherever they lie: allocators leave something at the end of their memory. */
    private BitSet copied(MemorySegment memory, int page) {
        int pages = (int) (memoryBytes / page);
        BitSet copied = new BitSet(pages);
        copied.set(0, pages);
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment zeros = temporary.allocate(page);
            for (int from = 0; from < pages; ) {
                int to = from;
                while (to < pages && memory.asSlice((long) to * page, page).mismatch(zeros) < 0) {
                    to++;
                }
                if (policy.drops((long) (to - from) * page)) {
                    copied.clear(from, to);
                }
                from = to + 1;
            }
        }
        return copied;
    }

    private @Nullable ImageFile createFile(MemorySegment captured) {
        Kernel kernel = policy.kernel();
        if (kernel == null || !policy.maps(captured.byteSize()) || !policy.acquireFile()) {
            return null;
        }
        try {
            return new ImageFile(kernel, kernel.createFile(captured));
        } catch (KernelException e) {
            policy.releaseFile();
            policy.refused(e);
            return null;
        }
    }

    private MemorySegment view(ImageFile from, MemorySegment captured) {
        try {
            return from.kernel().view(from.descriptor(), captured.byteSize(), arena);
        } catch (KernelException e) {
            policy.refused(e);
            return arena.allocate(captured.byteSize()).copyFrom(captured);
        }
    }

    /** The size of the memory that was captured, zeros included. */
    long memoryBytes() {
        return memoryBytes;
    }

    /** Where the data begin in linear memory. */
    long dataStart() {
        return dataStart;
    }

    /** The size of the data. */
    long dataBytes() {
        return dataBytes;
    }

    /** How much of the heap the data take while they do not rest. */
    long heapBytes() {
        return resting == null ? 0 : dataBytes;
    }

    /** Compresses the data, if they are of the kind, until they are needed again. */
    void rest() {
        if (resting != null) {
            resting.rest();
        }
    }

    private MemorySegment data() {
        if (isClosed()) {
            throw new IllegalStateException("the image is closed");
        }
        return resting == null ? Objects.requireNonNull(data) : MemorySegment.ofArray(resting.awake());
    }

    /** The file to map; null when the data are to be copied. */
    @Nullable
    ImageFile file() {
        return file;
    }

    RestorePolicy policy() {
        return policy;
    }

    /** What to copy after a request; the kernel may drop the rest. */
    RestorePlan plan() {
        return plan;
    }

    /**
     * Takes note of the pages that a request has written to. What it shares with the one before is copied from now on; in a
     * small memory, of which copying all costs less than some page faults, whatever it wrote to.
     */
    synchronized void learn(BitSet dirty) {
        BitSet hot = (BitSet) dirty.clone();
        if (memoryBytes <= MAX_COPIED_ONCE_SEEN) {
            copied.or(hot);
        } else if (lastDirty != null) {
            hot.and(lastDirty);
        } else {
            hot.clear();
        }
        lastDirty = dirty;
        if (hot.cardinality() <= MAX_HOT_PAGES) {
            hot.or(copied);
            plan = RestorePlan.of(hot, policy.pageBytes());
        }
    }

    /** Writes a range of the image over the same range of a memory. */
    void copyTo(MemorySegment memory, long start, long end) {
        long dataEnd = dataStart + dataBytes;
        long from = Math.clamp(dataStart, start, end);
        long to = Math.clamp(dataEnd, from, end);
        if (start < from) {
            memory.asSlice(start, from - start).fill((byte) 0);
        }
        if (from < to) {
            MemorySegment.copy(data(), from - dataStart, memory, from, to - from);
        }
        if (to < end) {
            memory.asSlice(to, end - to).fill((byte) 0);
        }
    }

    /** Whether {@link #close} was called. */
    boolean isClosed() {
        return !arena.scope().isAlive();
    }

    @Override
    public synchronized void close() {
        if (isClosed()) {
            return;
        }
        arena.close();
        if (file != null) {
            file.kernel().close(file.descriptor());
            policy.releaseFile();
        }
    }
}
