package io.gojinn.proxy.admin;

import io.gojinn.proxy.transport.Transport;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.io.IOException;
import java.net.InetSocketAddress;

/** The operators' listener, bound. Thread-safe. */
public final class AdminServer {
    private static final int MAX_REQUEST_BYTES = 8 << 10;
    private static final int IDLE_SECONDS = 60;
    private static final int BACKLOG = 128;

    private final Channel channel;
    private final InetSocketAddress address;

    private AdminServer(Channel channel) {
        this.channel = channel;
        this.address = (InetSocketAddress) channel.localAddress();
    }

    /**
     * Binds.
     *
     * @throws IOException that names the address
     */
    public static AdminServer bind(
            InetSocketAddress address, Transport transport, EventLoopGroup loop, AdminPages pages) throws IOException {
        ChannelFuture bound = new ServerBootstrap()
                .group(loop)
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel child) {
                        child.pipeline()
                                .addLast(
                                        new ReadTimeoutHandler(IDLE_SECONDS),
                                        new HttpServerCodec(new HttpDecoderConfig()),
                                        new HttpObjectAggregator(MAX_REQUEST_BYTES, true),
                                        new AdminHandler(pages));
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "admin listener cannot bind " + address + ": "
                            + bound.cause().getMessage(),
                    bound.cause());
        }
        return new AdminServer(bound.channel());
    }

    /** Where it is bound. */
    public InetSocketAddress address() {
        return address;
    }

    /** Closes the listening socket. */
    public void close() {
        channel.close().awaitUninterruptibly();
    }
}
