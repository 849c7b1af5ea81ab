package io.gojinn.proxy.compress;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Zstandard (RFC 8878), by zstd-jni. */
final class ZstdEncoder implements Encoder {
    private static final int PIECE_BYTES = 16 << 10;
    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    private final ByteBufAllocator allocator;
    private final ZstdCompressCtx context = new ZstdCompressCtx();

    ZstdEncoder(ByteBufAllocator allocator, int level, int windowLog) {
        this.allocator = allocator;
        context.setLevel(level).setWindowLog(windowLog);
    }

    @Override
    public void encode(ByteBuffer piece, Step step, Consumer<ByteBuf> out) {
        EndDirective directive = switch (step) {
            case GO_ON -> EndDirective.CONTINUE;
            case FLUSH -> EndDirective.FLUSH;
            case END -> EndDirective.END;
        };
        if (piece.isDirect() || !piece.hasRemaining()) {
            encodeDirect(piece.hasRemaining() ? piece : NOTHING.duplicate(), directive, out);
            return;
        }
        ByteBuf copy = allocator.directBuffer(piece.remaining()).writeBytes(piece);
        try {
            encodeDirect(copy.nioBuffer(), directive, out);
        } finally {
            copy.release();
        }
    }

    private void encodeDirect(ByteBuffer piece, EndDirective directive, Consumer<ByteBuf> out) {
        boolean done = false;
        while (!done) {
            ByteBuf encoded = allocator.directBuffer(PIECE_BYTES);
            ByteBuffer room = encoded.internalNioBuffer(0, PIECE_BYTES);
            int from = room.position();
            boolean flushed = context.compressDirectByteBufferStream(room, piece, directive);
            encoded.writerIndex(room.position() - from);
            done = !piece.hasRemaining() && (flushed || (directive == EndDirective.CONTINUE && room.hasRemaining()));
            if (encoded.isReadable()) {
                out.accept(encoded);
            } else {
                encoded.release();
            }
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
