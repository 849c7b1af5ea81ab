package io.gojinn.runtime.contract;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes request envelopes. A stand-in that keeps the fields tests need until the real encoder is merged. */
public final class RequestEnvelopeEncoder {
    private RequestEnvelopeEncoder() {}

    /**
     * Writes an envelope.
     *
     * @return the buffer it ended up in, flipped
     */
    public static ByteBuffer encode(RequestEnvelope request, ByteBuffer target, GrowableBuffer growth) {
        String head = "{\"method\":\"" + request.method() + "\",\"uri\":\"" + request.uri() + "\",\"params\":\""
                + request.params() + "\",\"trace_id\":\"" + request.traceId() + "\",\"body\":\"";
        ByteBuffer buffer = put(target, head.getBytes(StandardCharsets.UTF_8), growth);
        for (ByteBuffer piece : request.body()) {
            byte[] bytes = new byte[piece.remaining()];
            piece.duplicate().get(bytes);
            buffer = put(buffer, bytes, growth);
        }
        return put(buffer, "\"}".getBytes(StandardCharsets.UTF_8), growth).flip();
    }

    private static ByteBuffer put(ByteBuffer buffer, byte[] bytes, GrowableBuffer growth) {
        ByteBuffer room = buffer.remaining() >= bytes.length ? buffer : growth.grow(buffer, bytes.length);
        return room.put(bytes);
    }
}
