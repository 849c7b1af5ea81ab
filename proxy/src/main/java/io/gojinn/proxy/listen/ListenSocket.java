package io.gojinn.proxy.listen;

import io.gojinn.proxy.transport.Transport;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A bound socket. It accepts nothing before it is opened: connections wait in the kernel. It may be handed over from one
 * listener to another without missing one. Thread-safe.
 */
final class ListenSocket {
    private static final int BACKLOG = 1024;
    private static final int MAX_READ_BYTES = 64 << 10;

    private final AcceptGate gate = new AcceptGate();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final Channel channel;
    // Whose connections those are that it accepts now.
    private volatile @Nullable PipelineAssembler assembler;

    private ListenSocket(InetSocketAddress address, Transport transport, EventLoopGroup acceptor, EventLoopGroup loops)
            throws IOException {
        ChannelFuture bound = transport
                .boundUnsent(new ServerBootstrap())
                .group(acceptor, loops)
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.AUTO_READ, false)
                .handler(gate)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        // One read at a time: what waits in a connection is bounded by what one read holds.
                        new AdaptiveRecvByteBufAllocator(512, 4096, MAX_READ_BYTES).maxMessagesPerRead(1))
                .childHandler(new Accepted())
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(String.valueOf(bound.cause().getMessage()), bound.cause());
        }
        channel = bound.channel();
    }

    /**
     * Binds.
     *
     * @throws IOException that says why it cannot be
     */
    static ListenSocket bind(
            InetSocketAddress address, Transport transport, EventLoopGroup acceptor, EventLoopGroup loops)
            throws IOException {
        return new ListenSocket(address, transport, acceptor, loops);
    }

    @ChannelHandler.Sharable
    private final class Accepted extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel connection) {
            connection.pipeline().addLast(assembler);
        }
    }

    InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    /** The loop that accepts. */
    EventLoop loop() {
        return channel.eventLoop();
    }

    /** From now on connections are accepted, and are of this listener. */
    void open(PipelineAssembler listener) {
        assembler = listener;
        channel.config().setAutoRead(true);
    }

    boolean isOf(PipelineAssembler listener) {
        return listener.equals(assembler);
    }

    /** Takes the connections that wait, then closes the socket; no connection is accepted after the future completes. */
    CompletableFuture<Void> close() {
        if (closing.compareAndSet(false, true)) {
            gate.close(channel, closed);
        }
        return closed;
    }

    /** Closes it unless it was opened. */
    void abandon() {
        if (assembler == null) {
            channel.close().awaitUninterruptibly();
        }
    }
}
