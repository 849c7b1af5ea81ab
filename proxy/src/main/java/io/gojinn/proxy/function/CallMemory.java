package io.gojinn.proxy.function;

import io.gojinn.proxy.http.WholeBuffer;
import io.gojinn.runtime.contract.RequestEnvelope;
import io.gojinn.runtime.contract.RequestEnvelopeEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of one call: the envelope that the function reads, and the output that it writes. Each byte of a body is
 * copied into them once; what is moved to a larger buffer since the first was too small is counted.
 *
 * <p>Used by one thread at a time, which hands it over whole.
 */
final class CallMemory {
    private static final int LEAST_OUTPUT_BYTES = 4096;
    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    private final ByteBufAllocator allocator;
    private @Nullable ByteBuf input;
    private @Nullable ByteBuf output;
    private long movedBytes;

    CallMemory(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /** Encodes the envelope: from position to limit. Called once. */
    ByteBuffer encode(RequestEnvelope envelope) {
        // The encoder asks for memory when it knows how much.
        return RequestEnvelopeEncoder.encode(envelope, NOTHING.duplicate(), this::grow);
    }

    private ByteBuffer grow(ByteBuffer current, int additional) {
        int used = current.position();
        ByteBuf larger = WholeBuffer.allocate(Math.addExact(used, additional), allocator);
        ByteBuffer view = larger.nioBuffer(0, larger.capacity());
        view.put(current.flip());
        movedBytes += used;
        if (input != null) {
            input.release();
        }
        input = larger;
        return view;
    }

    /**
     * Appends to the output.
     *
     * @param usualBytes how much output there is, as a rule
     */
    void write(ByteBuffer source, int usualBytes) {
        ByteBuf buffer = output;
        int bytes = source.remaining();
        if (buffer == null) {
            buffer = WholeBuffer.allocate(Math.max(bytes, Math.max(usualBytes, LEAST_OUTPUT_BYTES)), allocator);
            output = buffer;
        } else if (bytes > buffer.writableBytes()) {
            movedBytes += buffer.readableBytes();
            buffer = WholeBuffer.ensureWritable(buffer, bytes, allocator);
            output = buffer;
        }
        buffer.writeBytes(source);
    }

    /** All of the output, writable. */
    ByteBuffer output() {
        ByteBuf buffer = output;
        return buffer == null ? NOTHING.duplicate() : buffer.nioBuffer(0, buffer.readableBytes());
    }

    /** A part of the output with its own reference. */
    ByteBuf outputSlice(int offset, int length) {
        ByteBuf buffer = output;
        return buffer == null || length == 0 ? Unpooled.EMPTY_BUFFER : buffer.retainedSlice(offset, length);
    }

    /** How many bytes were copied once more, heads included. */
    long movedBytes() {
        return movedBytes;
    }

    /** Gives the buffers back; may be called again. */
    void release() {
        if (input != null) {
            input.release();
            input = null;
        }
        if (output != null) {
            output.release();
            output = null;
        }
    }
}
