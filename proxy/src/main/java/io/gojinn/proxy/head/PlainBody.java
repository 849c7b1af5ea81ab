package io.gojinn.proxy.head;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/** Reads a body whose length was told by Content-Length (RFC 9112, 6.2), without copying it. Confined to one connection. */
public final class PlainBody {
    private static final long NONE = -1;

    private long remaining = NONE;

    /** Whether no body is being read. */
    public boolean isComplete() {
        return remaining == NONE;
    }

    /** Begins with a body of this length; 0 or less is one without bytes. */
    public void begin(long length) {
        remaining = Math.max(0, length);
    }

    /** Whether all of this buffer is of the body that is being read. */
    public boolean isAll(ByteBuf in) {
        return in.readableBytes() <= remaining;
    }

    /**
     * The buffer as the next piece, the last one when it ends the body; null when it is empty and more is to come. Takes the buffer
     * over, all of which is of the body.
     */
    public @Nullable HttpContent take(ByteBuf in) {
        if (!in.isReadable() && remaining > 0) {
            in.release();
            return null;
        }
        remaining -= in.readableBytes();
        if (remaining > 0) {
            return new DefaultHttpContent(in);
        }
        remaining = NONE;
        if (in.isReadable()) {
            return new DefaultLastHttpContent(in, EmptyHttpHeaders.INSTANCE);
        }
        in.release();
        return LastHttpContent.EMPTY_LAST_CONTENT;
    }

    /** The rest of the body as its last piece. The buffer stays the caller's; there is more in it. */
    public @Nullable HttpContent takeFrom(ByteBuf in) {
        return take(in.readRetainedSlice((int) remaining));
    }
}
