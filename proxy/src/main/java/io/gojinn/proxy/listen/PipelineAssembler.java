package io.gojinn.proxy.listen;

import io.gojinn.proxy.http.ConnectionSettings;
import io.gojinn.proxy.http.Http1Connection;
import io.gojinn.proxy.http.Http2Connection;
import io.gojinn.proxy.http.LoopConnections;
import io.gojinn.proxy.http.NewConnection;
import io.gojinn.proxy.transport.Channels;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
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
    private final ConnectionSettings settings;
    private final Set<Protocol> protocols;
    private final ListenerLimits limits;
    private final @Nullable TlsContexts tls;
    private final Map<EventLoop, LoopConnections> connections;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger handshakes = new AtomicInteger();
    private final AddressLimit addresses;

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
        this.addresses = new AddressLimit(limits.addressConnections(), settings.trust(), settings.metrics());
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
            pipeline.addLast(new ProxyProtocol(channel, settings.metrics(), limits.headerTimeout(), addresses));
        } else if (!addresses.admit(channel)) {
            return;
        }
        if (tls != null) {
            // The monitor gives the place back; between the two nothing may end this method.
            if (handshakes.incrementAndGet() > tls.maxHandshakes()) {
                handshakes.decrementAndGet();
                settings.metrics().rejectedByHandshakes();
                Channels.close(channel);
                return;
            }
            long timeoutMillis = limits.headerTimeout().toMillis();
            pipeline.addLast(new SniChoice(tls, timeoutMillis));
            pipeline.addLast(new HandshakeMonitor(
                    settings.metrics().tls(), handshakes, limits.headerTimeout().toNanos()));
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
}
