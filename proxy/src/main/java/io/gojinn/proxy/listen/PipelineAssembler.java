package io.gojinn.proxy.listen;

import io.gojinn.proxy.http.ConnectionSettings;
import io.gojinn.proxy.http.Http1Connection;
import io.gojinn.proxy.http.Http2Connection;
import io.gojinn.proxy.http.LoopConnections;
import io.gojinn.proxy.http.NewConnection;
import io.gojinn.proxy.transport.Channels;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SniHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Builds the pipeline of every accepted connection, the one place where its handlers are put in order: the PROXY protocol, TLS, then the choice
 * of a protocol, in whose place come HTTP/1.1 or HTTP/2. Shared by the connections of one listener; thread-safe.
 */
@ChannelHandler.Sharable
final class PipelineAssembler extends ChannelInitializer<Channel> {
    // Above what an honest ClientHello needs, post-quantum key shares included.
    private static final int MAX_CLIENT_HELLO_BYTES = 32 << 10;

    private final ConnectionSettings settings;
    private final Set<Protocol> protocols;
    private final ListenerLimits limits;
    private final @Nullable TlsContexts tls;
    private final Map<EventLoop, LoopConnections> connections;
    private final AtomicInteger open = new AtomicInteger();

    PipelineAssembler(
            ConnectionSettings settings,
            Set<Protocol> protocols,
            ListenerLimits limits,
            @Nullable TlsContexts tls,
            Map<EventLoop, LoopConnections> connections) {
        this.settings = settings;
        this.protocols = protocols;
        this.limits = limits;
        this.tls = tls;
        this.connections = connections;
    }

    @Override
    protected void initChannel(Channel channel) {
        if (open.incrementAndGet() > limits.connections()) {
            open.decrementAndGet();
            settings.metrics().rejectedByLimit();
            Channels.close(channel);
            return;
        }
        settings.metrics().opened();
        channel.closeFuture().addListener(closed -> {
            open.decrementAndGet();
            settings.metrics().closed();
        });
        LoopConnections peers = connections.get(channel.eventLoop());
        if (peers == null) {
            throw new IllegalStateException("a connection on a foreign event loop");
        }
        ChannelPipeline pipeline = channel.pipeline();
        if (settings.trust().proxyProtocol()) {
            if (!ProxyProtocol.mayComeFrom(channel, settings.trust())) {
                settings.metrics().rejectedByProxyHeader();
                Channels.close(channel);
                return;
            }
            pipeline.addLast(new ProxyProtocol(channel, settings.metrics(), limits.headerTimeout()));
        }
        if (tls != null) {
            pipeline.addLast(tls(tls, channel.alloc()));
        }
        pipeline.addLast(new NewConnection(settings, peers, (ctx, http2) -> speak(ctx, http2, peers)));
    }

    private void speak(ChannelHandlerContext ctx, boolean http2, LoopConnections peers) {
        ChannelPipeline pipeline = ctx.pipeline();
        // In clear text a listener of one protocol leaves it to that one to refuse what is not of it.
        boolean only2 = !protocols.contains(Protocol.HTTP_1_1);
        if (only2 && !http2 && tls != null) {
            settings.metrics().rejectedByProtocol();
            Channels.close(ctx);
        } else if (only2 || (http2 && protocols.contains(Protocol.HTTP_2))) {
            pipeline.addLast(Http2Connection.of(ctx.channel(), settings, peers));
        } else {
            ServerCodec codec = new ServerCodec(limits);
            pipeline.addLast(codec);
            pipeline.addLast(new Http1Connection(ctx.channel(), settings, peers, codec));
        }
    }

    private ChannelHandler tls(TlsContexts contexts, ByteBufAllocator allocator) {
        return contexts.single() ? handshaking(contexts.first(), allocator) : new Sni(contexts);
    }

    private SslHandler handshaking(SslContext context, ByteBufAllocator allocator) {
        SslHandler handler = context.newHandler(allocator);
        handler.setHandshakeTimeoutMillis(limits.headerTimeout().toMillis());
        return handler;
    }

    /** Chooses the certificate by the name in the ClientHello. */
    private final class Sni extends SniHandler {
        Sni(TlsContexts contexts) {
            super(
                    (name, promise) -> promise.setSuccess(name == null ? contexts.first() : contexts.named(name)),
                    MAX_CLIENT_HELLO_BYTES,
                    limits.headerTimeout().toMillis());
        }

        @Override
        protected SslHandler newSslHandler(SslContext context, ByteBufAllocator allocator) {
            return handshaking(context, allocator);
        }
    }
}
