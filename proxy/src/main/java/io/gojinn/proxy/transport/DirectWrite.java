package io.gojinn.proxy.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.epoll.AbstractEpollStreamChannel;
import io.netty.channel.unix.Socket;
import io.netty.util.concurrent.FastThreadLocal;
import java.io.IOException;

/**
 * Writes small messages: to the kernel at once where nothing waits in the channel, which is nearly always. The channel's queue would
 * take a buffer of the pool, an entry and another walk down the pipeline for each, about as much as it takes to make the message.
 *
 * <p>What the kernel does not take follows by the queue, in order. Called on the event loop of the channel.
 */
public final class DirectWrite {
    private static final int MOST_BYTES = 16 << 10;
    // Of each loop.
    private static final FastThreadLocal<ByteBuf> MEMORY = new FastThreadLocal<>() {
        @Override
        protected ByteBuf initialValue() {
            return Unpooled.directBuffer(MOST_BYTES, MOST_BYTES);
        }

        @Override
        protected void onRemoval(ByteBuf memory) {
            memory.release();
        }
    };

    private DirectWrite() {}

    /**
     * Writes a message that consists of two parts. It may be sent before a flush; what is not sent needs one, and {@link
     * Channels#hasSentAll} tells.
     *
     * @param ctx of the handler that has encoded it
     * @param head the first part; copied
     * @param headBytes how long that is
     * @param content the second part; copied, its reader index stays
     * @param promise done when all is with the kernel
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the promise tells
    public static void write(
            ChannelHandlerContext ctx, byte[] head, int headBytes, ByteBuf content, ChannelPromise promise) {
        int contentBytes = content.readableBytes();
        int bytes = headBytes + contentBytes;
        if (bytes > MOST_BYTES || !isDirect(ctx)) {
            ctx.write(
                    ctx.alloc()
                            .directBuffer(bytes)
                            .writeBytes(head, 0, headBytes)
                            .writeBytes(content, content.readerIndex(), contentBytes),
                    promise);
            return;
        }
        ByteBuf message = MEMORY.get()
                .clear()
                .writeBytes(head, 0, headBytes)
                .writeBytes(content, content.readerIndex(), contentBytes);
        int sent = send(ctx.channel(), message);
        if (sent == bytes) {
            promise.trySuccess();
        } else {
            ctx.write(ctx.alloc().directBuffer(bytes - sent).writeBytes(message, sent, bytes - sent), promise);
        }
    }

    // Whether what the handler writes goes to a socket as it is, and nothing is before it.
    private static boolean isDirect(ChannelHandlerContext ctx) {
        ChannelHandlerContext first = ctx.pipeline().firstContext();
        return first != null
                && first.handler().equals(ctx.handler())
                && ctx.channel() instanceof AbstractEpollStreamChannel
                && ctx.channel().isActive()
                && Channels.hasSentAll(ctx.channel());
    }

    private static int send(Channel channel, ByteBuf message) {
        try {
            return message.hasMemoryAddress()
                            && channel instanceof AbstractEpollStreamChannel epoll
                            && epoll.fd() instanceof Socket socket
                    ? Math.max(0, socket.sendAddress(message.memoryAddress(), 0, message.writerIndex()))
                    : 0;
        } catch (IOException broken) {
            // The queue runs into the same, and closes the channel.
            return 0;
        }
    }
}
