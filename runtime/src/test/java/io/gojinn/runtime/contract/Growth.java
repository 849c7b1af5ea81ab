package io.gojinn.runtime.contract;

import java.nio.ByteBuffer;

/** Memory that grows as the contract of {@link GrowableBuffer} allows at worst. */
final class Growth {
    private Growth() {}

    /** Gives no byte more than asked for, and wipes the old memory, which must not be used again. */
    static ByteBuffer exact(ByteBuffer current, int additional) {
        ByteBuffer grown = ByteBuffer.allocateDirect(current.position() + additional);
        grown.put(current.duplicate().flip());
        ByteBuffer old = current.duplicate().clear();
        while (old.hasRemaining()) {
            old.put((byte) 0xee);
        }
        return grown;
    }
}
