package io.gojinn.proxy.compress;

import com.aayushatharva.brotli4j.encoder.Encoder.Mode;
import com.aayushatharva.brotli4j.encoder.EncoderJNI.Operation;
import com.aayushatharva.brotli4j.encoder.EncoderJNI.Wrapper;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Brotli (RFC 7932), by brotli4j. */
final class BrotliEncoder implements Encoder {
    private static final int PIECE_BYTES = 16 << 10;

    private final ByteBufAllocator allocator;
    private final Wrapper encoder;

    BrotliEncoder(ByteBufAllocator allocator, int quality, int windowLog) {
        this.allocator = allocator;
        try {
            this.encoder = new Wrapper(PIECE_BYTES, quality, windowLog, Mode.GENERIC);
        } catch (IOException noMemory) {
            throw new UncheckedIOException(noMemory);
        }
    }

    @Override
    public void encode(ByteBuffer piece, Step step, Consumer<ByteBuf> out) {
        while (piece.hasRemaining()) {
            ByteBuffer input = encoder.getInputBuffer();
            int length = Math.min(input.capacity(), piece.remaining());
            input.clear();
            input.put(piece.slice(piece.position(), length));
            piece.position(piece.position() + length);
            push(Operation.PROCESS, length, out);
        }
        switch (step) {
            case GO_ON -> {}
            case FLUSH -> push(Operation.FLUSH, 0, out);
            case END -> push(Operation.FINISH, 0, out);
        }
    }

    private void push(Operation operation, int length, Consumer<ByteBuf> out) {
        encoder.push(operation, length);
        // A flush or an end goes on where its output was taken, when it is asked for again.
        boolean again = operation != Operation.PROCESS;
        while (true) {
            if (!encoder.isSuccess()) {
                throw new IllegalStateException("Brotli failed");
            }
            if (encoder.hasMoreOutput()) {
                ByteBuffer encoded = encoder.pull();
                if (encoded.hasRemaining()) {
                    out.accept(allocator.directBuffer(encoded.remaining()).writeBytes(encoded));
                    again = operation != Operation.PROCESS;
                }
            } else if (encoder.hasRemainingInput()) {
                encoder.push(operation, 0);
            } else if (again && !encoder.isFinished()) {
                again = false;
                encoder.push(operation, 0);
            } else {
                return;
            }
        }
    }

    @Override
    public void close() {
        encoder.destroy();
    }
}
