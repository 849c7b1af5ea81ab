package io.gojinn.proxy.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;

/**
 * Buffers for what is held whole, an envelope or a body, however large. A small one is pooled. A larger one is taken from the
 * system and goes back to it: Netty's pool takes chunks of eight times the largest buffer it was ever asked for and keeps up to
 * six of them a processor, which one answer of a mebibyte would turn into 48 MiB a processor for as long as the process lives.
 */
public final class WholeBuffer {
    /** As much as a connection reads at once, so the pool knows this size. */
    static final int MOST_POOLED_BYTES = 64 << 10;

    private WholeBuffer() {}

    /** A direct buffer of this capacity, which may grow. */
    public static ByteBuf allocate(int bytes, ByteBufAllocator pool) {
        return allocate(bytes, Integer.MAX_VALUE, pool);
    }

    /** A direct buffer of this capacity, which never grows beyond another. */
    public static ByteBuf allocate(int bytes, int mostBytes, ByteBufAllocator pool) {
        ByteBufAllocator allocator = bytes <= MOST_POOLED_BYTES ? pool : UnpooledByteBufAllocator.DEFAULT;
        return allocator.directBuffer(bytes, mostBytes);
    }

    /**
     * Room for more at the end of what {@code allocate} or this returned.
     *
     * @return the same buffer, or a larger one that took over its readable bytes and its bound; then it has been released
     * @throws IndexOutOfBoundsException when there would be more than its bound; the buffer is as it was
     */
    public static ByteBuf ensureWritable(ByteBuf buffer, int bytes, ByteBufAllocator pool) {
        int needed = Math.addExact(buffer.readableBytes(), bytes);
        int mostBytes = buffer.maxCapacity();
        if (bytes <= buffer.writableBytes()
                || needed <= MOST_POOLED_BYTES
                || needed > mostBytes
                || buffer.capacity() > MOST_POOLED_BYTES) {
            return buffer.ensureWritable(bytes);
        }
        ByteBuf larger = allocate(pool.calculateNewCapacity(needed, mostBytes), mostBytes, pool);
        larger.writeBytes(buffer);
        buffer.release();
        return larger;
    }
}
