package io.gojinn.runtime.sandbox;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Linear memory as it was captured, without the zeros at its end. Immutable; freed with the last reference. */
final class MemoryImage {
    private final MemorySegment bytes;
    private final long memoryBytes;

    private MemoryImage(MemorySegment bytes, long memoryBytes) {
        this.bytes = bytes;
        this.memoryBytes = memoryBytes;
    }

    /** Captures a memory. */
    static MemoryImage of(MemorySegment memory) {
        MemorySegment used = memory.asSlice(0, usedBytes(memory));
        MemorySegment copy = Arena.ofAuto().allocate(Math.max(1, used.byteSize()));
        copy.asSlice(0, used.byteSize()).copyFrom(used);
        return new MemoryImage(copy.asSlice(0, used.byteSize()), memory.byteSize());
    }

    private static long usedBytes(MemorySegment memory) {
        // Pages are a multiple of eight bytes.
        long end = memory.byteSize();
        while (end > 0 && memory.get(ValueLayout.JAVA_LONG_UNALIGNED, end - 8) == 0) {
            end -= 8;
        }
        return end;
    }

    /** The size of the memory that was captured, zeros included. */
    long memoryBytes() {
        return memoryBytes;
    }

    /** Overwrites all of a memory of the same size. */
    void copyTo(MemorySegment memory) {
        memory.asSlice(0, bytes.byteSize()).copyFrom(bytes);
        memory.asSlice(bytes.byteSize()).fill((byte) 0);
    }
}
