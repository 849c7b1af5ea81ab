package io.gojinn.proxy.http;

import io.gojinn.proxy.transport.Channels;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection whose protocol is not known yet, the last handler of the pipeline until it is.
 *
 * <p>Under TLS the handshake tells it (RFC 7301); a client that negotiates nothing speaks HTTP/1.1. In clear text the first
 * bytes tell it: the preface of HTTP/2 (RFC 9113, 3.3 and 3.4) or anything else. {@code Upgrade: h2c} is deprecated (RFC
 * 9113, 3.1) and ignored. A client that keeps quiet is left after the header timeout. Confined to its event loop.
 */
public final class NewConnection extends ChannelInboundHandlerAdapter implements ClientConnection {
    private static final Logger LOG = LoggerFactory.getLogger(NewConnection.class);
    private static final ByteBuf PREFACE = Http2CodecUtil.connectionPrefaceBuf();

    private final ConnectionSettings settings;
    private final LoopConnections peers;
    private final DeadlineTimer timer;
    private final Choice choice;

    private @Nullable ChannelHandlerContext context;
    private @Nullable ByteBuf received;
    private boolean chosen;

    /** What to do when the protocol is known. */
    public interface Choice {
        /** Adds the handlers of the protocol after this one, or closes the channel. */
        void made(ChannelHandlerContext ctx, boolean http2);
    }

    /** A connection, to be added last to its pipeline. */
    public NewConnection(ConnectionSettings settings, LoopConnections peers, Choice choice) {
        this.settings = settings;
        this.peers = peers;
        this.choice = choice;
        this.timer = new DeadlineTimer(peers.loop(), this::expired);
    }

    @Override
    public ConnectionSettings settings() {
        return settings;
    }

    @Override
    public void drain() {
        timer.set(System.nanoTime() + Math.min(peers.quietNanos(), settings.headerTimeoutNanos()));
    }

    @Override
    public void stop() {
        if (context != null) {
            Channels.close(context);
        }
    }

    private void expired() {
        if (context != null && !peers.draining() && context.pipeline().get(SslHandler.class) == null) {
            // Of TLS the handshake tells.
            settings.metrics().idleClosed();
        }
        stop();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        timer.set(System.nanoTime() + settings.headerTimeoutNanos());
        peers.opened(this);
        if (ctx.channel().isActive()) {
            ctx.read();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ctx.fireChannelActive();
        ctx.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        // Another piece follows only while the first bytes are a part of the preface, or a handshake goes on.
        received = received == null ? bytes : Unpooled.wrappedBuffer(received, bytes);
        if (ctx.pipeline().get(SslHandler.class) == null) {
            chooseByFirstBytes(ctx, received);
        }
    }

    private void chooseByFirstBytes(ChannelHandlerContext ctx, ByteBuf first) {
        int known = Math.min(first.readableBytes(), PREFACE.readableBytes());
        boolean preface = ByteBufUtil.equals(first, first.readerIndex(), PREFACE, PREFACE.readerIndex(), known);
        if (!preface || known == PREFACE.readableBytes()) {
            choose(ctx, preface);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            SslHandler tls = ctx.pipeline().get(SslHandler.class);
            if (handshake.isSuccess() && tls != null) {
                choose(ctx, ApplicationProtocolNames.HTTP_2.equals(tls.applicationProtocol()));
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    private void choose(ChannelHandlerContext ctx, boolean http2) {
        if (chosen) {
            return;
        }
        chosen = true;
        choice.made(ctx, http2);
        ByteBuf first = received;
        received = null;
        if (first != null) {
            ctx.fireChannelRead(first);
        }
        ctx.pipeline().remove(this);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.fireChannelReadComplete();
        if (!chosen) {
            ctx.read();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("connection of {} failed", ctx.channel().remoteAddress(), cause);
        Channels.close(ctx);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        timer.close();
        if (received != null) {
            received.release();
            received = null;
        }
        peers.closed(this);
    }
}
