package io.gojinn.proxy.compress;

import io.gojinn.proxy.http.BodyTransform;
import io.gojinn.proxy.observe.CompressionMetrics;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Encodes a body as it streams by, and counts what goes in and what comes out. Confined to its exchange's event loop. */
final class EncodingTransform implements BodyTransform {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final CompressionMetrics.OfCoding metrics;
    private final boolean flushes;
    private final Runnable closed;
    private final Encoder encoder;
    private boolean unflushed;
    private long bytesIn;
    private long bytesOut;

    /**
     * A transform for one body.
     *
     * @param encoder owned
     * @param flushes whether what has come is to be seen before the end
     * @param closed called once, with {@link #close}
     */
    EncodingTransform(Encoder encoder, boolean flushes, CompressionMetrics.OfCoding metrics, Runnable closed) {
        this.encoder = encoder;
        this.flushes = flushes;
        this.metrics = metrics;
        this.closed = closed;
    }

    @Override
    public void piece(ByteBuf piece, Consumer<ByteBuf> out) {
        try {
            bytesIn += piece.readableBytes();
            for (ByteBuffer part : piece.nioBuffers()) {
                encode(part, Encoder.Step.GO_ON, out);
            }
            unflushed = true;
        } finally {
            piece.release();
        }
    }

    @Override
    public void flush(Consumer<ByteBuf> out) {
        if (flushes && unflushed) {
            unflushed = false;
            encode(NOTHING.duplicate(), Encoder.Step.FLUSH, out);
        }
    }

    @Override
    public void end(Consumer<ByteBuf> out) {
        encode(NOTHING.duplicate(), Encoder.Step.END, out);
    }

    private void encode(ByteBuffer part, Encoder.Step step, Consumer<ByteBuf> out) {
        encoder.encode(part, step, encoded -> {
            bytesOut += encoded.readableBytes();
            out.accept(encoded);
        });
    }

    @Override
    public void close() {
        encoder.close();
        metrics.compressed(bytesIn, bytesOut);
        closed.run();
    }
}
