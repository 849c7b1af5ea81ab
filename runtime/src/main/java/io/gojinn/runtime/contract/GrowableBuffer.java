package io.gojinn.runtime.contract;

import java.nio.ByteBuffer;

/** Memory of the caller that grows while an envelope is written into it. */
@FunctionalInterface
public interface GrowableBuffer {
    /**
     * Makes room.
     *
     * @param current the buffer returned last; the bytes before its position are kept
     * @param additional how many bytes must fit after its position
     * @return a buffer with the same bytes before the same position and at least {@code additional} remaining; {@code
     *     current} must not be used again
     */
    ByteBuffer grow(ByteBuffer current, int additional);
}
