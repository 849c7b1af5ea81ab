package io.gojinn.proxy.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * A body as it grows until it is whole. Owned by one party at a time, which releases it; nobody grows it once it is shared.
 *
 * <p>Large pieces are kept as they came. Small ones after the first are copied together: a sender of single bytes would
 * otherwise hold a read buffer for each.
 */
public final class CollectedBody {
    private static final int SMALL_BYTES = 2048;
    private static final int TAIL_BYTES = 16 << 10;

    private final ArrayDeque<ByteBuf> pieces = new ArrayDeque<>(2);
    private HttpHeaders trailers = EmptyHttpHeaders.INSTANCE;
    private boolean tailOpen;
    private long bytes;

    /** Adds a piece. Owns it. */
    public void add(ByteBuf piece, ByteBufAllocator allocator) {
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

    /** Adds a piece, and its trailers if it is the last one. Owns it. */
    void add(HttpContent content, ByteBufAllocator allocator) {
        if (content instanceof LastHttpContent last) {
            trailers(last.trailingHeaders());
        }
        add(content.content(), allocator);
    }

    void trailers(HttpHeaders given) {
        trailers = given;
    }

    /** How long it is. */
    public long bytes() {
        return bytes;
    }

    boolean hasTrailers() {
        return !trailers.isEmpty();
    }

    /** Views of the pieces, to be read for as long as this is not released. */
    public List<ByteBuffer> views() {
        List<ByteBuffer> views = new ArrayList<>(pieces.size());
        for (ByteBuf piece : pieces) {
            for (ByteBuffer view : piece.nioBuffers()) {
                views.add(view);
            }
        }
        return views;
    }

    /** The same bytes with references of their own, to be released apart from this. */
    public CollectedBody share() {
        CollectedBody shared = new CollectedBody();
        for (ByteBuf piece : pieces) {
            shared.pieces.add(piece.retainedDuplicate());
        }
        shared.bytes = bytes;
        shared.trailers = trailers;
        return shared;
    }

    /** Takes out the next piece, the last one with the trailers. */
    HttpContent next() {
        ByteBuf piece = pieces.poll();
        return piece == null ? last(trailers) : new DefaultHttpContent(piece);
    }

    /** The end of a body with these trailers. */
    static LastHttpContent last(HttpHeaders trailers) {
        if (trailers.isEmpty()) {
            return LastHttpContent.EMPTY_LAST_CONTENT;
        }
        DefaultLastHttpContent last = new DefaultLastHttpContent(Exchange.noBody());
        last.trailingHeaders().set(trailers);
        return last;
    }

    /** Gives the memory back; may be called again. */
    public void release() {
        pieces.forEach(ByteBuf::release);
        pieces.clear();
        tailOpen = false;
    }
}
