package io.gojinn.proxy.transport;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelOutboundInvoker;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;

/** Operations whose outcome arrives as an event of the channel, so that nobody has to look at their future. */
public final class Channels {
    private Channels() {}

    /** Closes; {@code channelInactive} follows. */
    @SuppressWarnings("FutureReturnValueIgnored")
    public static void close(ChannelOutboundInvoker channel) {
        channel.close();
    }

    /** Writes without flushing, from the end of the pipeline; a failure closes the channel. Owns the message. */
    @SuppressWarnings("FutureReturnValueIgnored")
    public static void write(Channel channel, Object message) {
        channel.write(message, channel.voidPromise());
    }

    /** Whether all that was written and flushed is with the kernel; false as well when the channel is gone. */
    public static boolean hasSentAll(Channel channel) {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        return outbound != null && outbound.totalPendingWriteBytes() == 0;
    }

    /** Whether an event tells that the peer sends nothing more, where half-closure is allowed. */
    public static boolean isEndOfInput(Object event) {
        return event instanceof ChannelInputShutdownEvent || event == SslCloseCompletionEvent.SUCCESS;
    }

    /**
     * Sends what was written and closes the write side, with the goodbye that TLS asks for (RFC 8446, 6.1). What the peer
     * still sends can be read afterwards: closing with unread bytes resets the connection and can destroy an answer on its
     * way (RFC 9112, 9.6).
     *
     * @param ctx of the handler that writes to the connection
     * @param finished called when the write side is closed; not called when the channel is gone first, or has no half close
     */
    public static void finishOutput(ChannelHandlerContext ctx, Runnable finished) {
        SslHandler tls = ctx.pipeline().get(SslHandler.class);
        ChannelFuture sent = ctx.writeAndFlush(Unpooled.EMPTY_BUFFER);
        if (tls != null) {
            sent = tls.closeOutbound();
        }
        // Later: what was written behind it may have been sent with it, and Netty is about to count that.
        sent.addListener(done -> ctx.channel().eventLoop().execute(() -> shutDownOutput(ctx.channel(), finished)));
    }

    private static void shutDownOutput(Channel channel, Runnable finished) {
        if (!channel.isActive()) {
            return;
        }
        if (channel instanceof DuplexChannel duplex) {
            duplex.shutdownOutput().addListener(shut -> finished.run());
        } else {
            close(channel);
        }
    }
}
