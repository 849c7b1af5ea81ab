package io.gojinn.proxy.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Watches what TLS reads from a target: whether it ends with a whole record (RFC 8446, 5.1), and with the socket empty. Only
 * then nothing is on its way that could be decrypted after the next request was sent. The first handler of the pipeline.
 */
final class TlsRecords extends ChannelInboundHandlerAdapter {
    private static final int HEADER_BYTES = 5;

    private int headerSeen;
    private int length;
    private int remaining;
    private boolean filled;

    /** Whether nothing is on its way, as far as can be told now. */
    boolean isDrained() {
        return !filled && headerSeen == 0 && remaining == 0;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes) {
            filled = !bytes.isWritable();
            follow(bytes);
        }
        ctx.fireChannelRead(message);
    }

    private void follow(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        while (at < end) {
            if (remaining > 0) {
                int taken = Math.min(remaining, end - at);
                remaining -= taken;
                at += taken;
                continue;
            }
            length = length << 8 | bytes.getUnsignedByte(at++);
            if (++headerSeen == HEADER_BYTES) {
                remaining = length & 0xffff;
                headerSeen = 0;
            }
        }
    }
}
