package io.gojinn.runtime.sandbox;

import io.gojinn.runtime.sandbox.Kernel.KernelException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * The linear memory of one instance, with what it takes to make it equal to an image again. Confined to whoever holds the
 * instance; closed with it, after its context, when no guest can reach the memory any more.
 *
 * <p>The memory belongs to the engine, a direct buffer from the allocator of the process. While an image is mapped over it, the
 * allocator must not have it back: it would hand out pages of a file that hold what a guest wrote. So the mapping keeps the
 * buffer reachable, and thereby allocated, until ordinary memory lies there again. That holds too when the guest has grown,
 * which leaves the engine with another buffer, and when an instance is forgotten instead of closed.
 */
final class RestorableMemory implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    private final MemoryImage image;
    private final RestorePolicy policy;
    private final MemorySegment memory;
    private final RestorePlan everything;
    private final @Nullable Kernel kernel;
    private final Cleaner.@Nullable Cleanable mapping;

    // Where linear memory lies now: another buffer once the guest has grown.
    private MemorySegment current;

    private int restores;

    /**
     * Makes a memory equal to an image.
     *
     * @param memory of a new instance, as large as the one that was captured; the segment keeps its buffer reachable
     */
    RestorableMemory(MemoryImage image, MemorySegment memory) {
        this.image = image;
        this.policy = image.policy();
        this.memory = memory;
        this.current = memory;
        this.everything = RestorePlan.everything(memory.byteSize());
        Kernel available = policy.kernel();
        this.kernel = available != null && memory.address() % available.pageBytes() == 0 ? available : null;
        this.mapping = map();
        restore(plan());
    }

    private Cleaner.@Nullable Cleanable map() {
        MemoryImage.ImageFile file = image.file();
        if (kernel == null || file == null || !policy.acquireMapping()) {
            return null;
        }
        Mapping undo = new Mapping(policy, kernel, memory.asSlice(image.dataStart(), image.dataBytes()));
        try {
            kernel.map(file.descriptor(), undo.memory.address(), undo.memory.byteSize());
        } catch (KernelException e) {
            policy.refused(e);
            // Nobody says what lies there after a failure, perhaps nothing.
            if (!undo.undo()) {
                throw new IllegalStateException("linear memory was lost", e);
            }
            return null;
        }
        return CLEANER.register(this, undo);
    }

    /** Makes the memory equal to the image again. It must not have grown, nor the image be closed. */
    void restore() {
        // Ever more seldom, so that looking costs nothing in the long run.
        if (kernel != null && policy.learns() && Integer.bitCount(++restores) == 1) {
            try {
                image.learn(kernel.writtenPages(memory.address(), memory.byteSize()));
            } catch (IOException e) {
                policy.cannotLearn(e);
            }
        }
        restore(plan());
    }

    private RestorePlan plan() {
        boolean isMapped = image.file() == null || mapping != null;
        return kernel != null && policy.usesKernel() && isMapped ? image.plan() : everything;
    }

    private void restore(RestorePlan plan) {
        long[] bounds = plan.bounds();
        try {
            long done = 0;
            for (int i = 0; i < bounds.length; i += 2) {
                drop(done, bounds[i]);
                image.copyTo(memory, bounds[i], bounds[i + 1]);
                done = bounds[i + 1];
            }
            drop(done, memory.byteSize());
        } catch (KernelException e) {
            policy.refused(e);
            restore(everything);
        }
    }

    private void drop(long start, long end) throws KernelException {
        if (kernel != null && start < end) {
            kernel.drop(memory.address() + start, end - start);
        }
    }

    /** The guest has grown: gives the pages back of where its memory was, if the engine had to move it. */
    void grown(MemorySegment now) {
        if (now.address() != current.address()) {
            giveBack(current);
        }
        current = now;
    }

    // The collector comes when the heap is full, which buffers outside of it do not make it.
    private void giveBack(MemorySegment buffer) {
        if (kernel == null || buffer.address() % kernel.pageBytes() != 0) {
            return;
        }
        try {
            kernel.drop(buffer.address(), buffer.byteSize());
        } catch (KernelException e) {
            policy.refused(e);
        }
    }

    /** Gives the pages back at once, and lets the allocator have the memory when the collector finds the engine's buffer. */
    @Override
    public void close() {
        if (mapping != null) {
            mapping.clean();
        }
        giveBack(current);
    }

    /** An image over a memory, to be undone once. Holds the memory, and must not hold its owner. */
    private record Mapping(RestorePolicy policy, Kernel kernel, MemorySegment memory) implements Runnable {
        @Override
        public void run() {
            undo();
        }

        boolean undo() {
            policy.releaseMapping();
            try {
                kernel.unmap(memory.address(), memory.byteSize());
                return true;
            } catch (KernelException e) {
                policy.refused(e);
                policy.pin(memory);
                return false;
            }
        }
    }
}
