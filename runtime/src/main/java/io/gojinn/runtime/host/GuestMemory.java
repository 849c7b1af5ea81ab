package io.gojinn.runtime.host;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The linear memory of one instance, seen without copies. Addresses and lengths are unsigned 32-bit integers of a hostile
 * guest: ask {@link #holds} before using them. Confined to the worker that holds the instance.
 */
public final class GuestMemory {
    private final Supplier<ByteBuffer> source;

    // Growing moves linear memory; the engine's grow callback clears this, so that no stale view is ever used.
    private @Nullable ByteBuffer bytes;
    private @Nullable ByteBuffer window;

    /**
     * Views a memory.
     *
     * @param source gives the direct buffer over the memory where it lies now
     */
    public GuestMemory(Supplier<ByteBuffer> source) {
        this.source = source;
    }

    /** The memory was moved by growing; its old place must not be used again. */
    public void moved() {
        bytes = null;
        window = null;
    }

    /** The whole memory, little endian (WebAssembly core specification, 4.4.7), not to be repositioned. */
    public ByteBuffer bytes() {
        ByteBuffer current = bytes;
        if (current == null) {
            current = source.get().order(ByteOrder.LITTLE_ENDIAN);
            bytes = current;
            window = current.duplicate();
        }
        return current;
    }

    /** Its size in bytes. */
    public int size() {
        return bytes().capacity();
    }

    /** Whether {@code length} bytes at {@code address} lie inside, both taken as unsigned. */
    public boolean holds(int address, int length) {
        return Integer.toUnsignedLong(address) + Integer.toUnsignedLong(length) <= size();
    }

    /**
     * A view of a range that {@link #holds} has approved, valid until the next call of this method.
     *
     * @return a buffer whose position and limit are the range's
     */
    public ByteBuffer window(int address, int length) {
        bytes();
        ByteBuffer view = window;
        if (view == null) {
            throw new IllegalStateException("no view of the memory");
        }
        return view.limit(address + length).position(address);
    }
}
