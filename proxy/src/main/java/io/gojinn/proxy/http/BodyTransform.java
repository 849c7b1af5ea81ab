package io.gojinn.proxy.http;

import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;

/**
 * Makes one body of another as it streams by. Confined to its exchange's event loop.
 *
 * <p>It must not hold more than a bounded part of the body, nor make much more of a piece than it is given: the flow of
 * what goes in is ruled by what has come out.
 */
public interface BodyTransform extends AutoCloseable {
    /**
     * Takes a piece.
     *
     * @param piece owned
     * @param out takes what becomes of it, any number of pieces; owns them
     */
    void piece(ByteBuf piece, Consumer<ByteBuf> out);

    /** What was given so far is to be seen by the client now, as far as the format allows that. */
    default void flush(Consumer<ByteBuf> out) {}

    /** The body is whole: gives the rest. */
    void end(Consumer<ByteBuf> out);

    /** Gives back what is held. Called once, in every outcome. */
    @Override
    default void close() {}
}
