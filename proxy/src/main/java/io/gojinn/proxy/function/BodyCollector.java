package io.gojinn.proxy.function;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A request body as it grows, owned by one function call. Confined to the exchange's event loop while it grows, then to the
 * worker.
 *
 * <p>Large pieces are kept as they came. Small ones after the first are copied together: a sender of single bytes would
 * otherwise hold a read buffer for each.
 */
final class BodyCollector {
    private static final int SMALL_BYTES = 2048;
    private static final int TAIL_BYTES = 16 << 10;

    private final List<ByteBuf> pieces = new ArrayList<>(2);
    private boolean tailOpen;
    private long bytes;

    /** Adds a piece. Owns it. */
    void add(ByteBuf piece, ByteBufAllocator allocator) {
        int length = piece.readableBytes();
        bytes += length;
        if (length == 0) {
            piece.release();
        } else if (pieces.isEmpty() || length >= SMALL_BYTES) {
            pieces.add(piece);
            tailOpen = false;
        } else {
            ByteBuf tail = tailOpen ? pieces.getLast() : null;
            if (tail == null || tail.writableBytes() < length) {
                tail = allocator.directBuffer(TAIL_BYTES, TAIL_BYTES);
                pieces.add(tail);
                tailOpen = true;
            }
            tail.writeBytes(piece);
            piece.release();
        }
    }

    long bytes() {
        return bytes;
    }

    /** Views of the pieces. */
    List<ByteBuffer> views() {
        List<ByteBuffer> views = new ArrayList<>(pieces.size());
        for (ByteBuf piece : pieces) {
            for (ByteBuffer view : piece.nioBuffers()) {
                views.add(view);
            }
        }
        return views;
    }

    /** Gives the memory back; may be called again. */
    void release() {
        pieces.forEach(ByteBuf::release);
        pieces.clear();
        tailOpen = false;
    }
}
