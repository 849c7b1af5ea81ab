package io.gojinn.proxy.compress;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** gzip (RFC 1952), by the JDK's zlib. */
final class GzipEncoder implements Encoder {
    private static final int PIECE_BYTES = 16 << 10;
    private static final int TRAILER_BYTES = 8;
    private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};

    private final ByteBufAllocator allocator;
    private final Deflater deflater;
    private final CRC32 checksum = new CRC32();
    private boolean begun;

    GzipEncoder(ByteBufAllocator allocator, int level) {
        this.allocator = allocator;
        this.deflater = new Deflater(level, true);
    }

    @Override
    public void encode(ByteBuffer piece, Step step, Consumer<ByteBuf> out) {
        checksum.update(piece.duplicate());
        deflater.setInput(piece);
        if (step == Step.END) {
            deflater.finish();
        }
        int flush = step == Step.FLUSH ? Deflater.SYNC_FLUSH : Deflater.NO_FLUSH;
        boolean more = true;
        while (more) {
            ByteBuf encoded = allocator.directBuffer(PIECE_BYTES + HEADER.length + TRAILER_BYTES);
            if (!begun) {
                begun = true;
                encoded.writeBytes(HEADER);
            }
            int room = PIECE_BYTES;
            int written = deflater.deflate(encoded.internalNioBuffer(encoded.writerIndex(), room), flush);
            encoded.writerIndex(encoded.writerIndex() + written);
            more = written == room;
            if (step == Step.END && deflater.finished()) {
                more = false;
                encoded.writeIntLE((int) checksum.getValue());
                encoded.writeIntLE((int) deflater.getBytesRead());
            }
            give(encoded, out);
        }
    }

    private static void give(ByteBuf encoded, Consumer<ByteBuf> out) {
        if (encoded.isReadable()) {
            out.accept(encoded);
        } else {
            encoded.release();
        }
    }

    @Override
    public void close() {
        deflater.end();
    }
}
