package io.gojinn.proxy.compress;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Encodes one body. Confined to one thread; holds memory outside the heap until it is closed. */
interface Encoder extends AutoCloseable {
    /** What is to be seen of the body once a piece is encoded. */
    enum Step {
        /** Whatever fits well. */
        GO_ON,
        /** All so far. */
        FLUSH,
        /** All: there is no more. */
        END
    }

    /**
     * Encodes a piece.
     *
     * @param piece borrowed; read to its end
     * @param out takes what comes of it; owns it
     */
    void encode(ByteBuffer piece, Step step, Consumer<ByteBuf> out);

    @Override
    void close();
}
