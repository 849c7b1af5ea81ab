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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Builds the pipeline of every accepted connection, the one place where its handlers are put in order: the PROXY protocol, TLS, then the choice
 * of a protocol, in whose place come HTTP/1.1 or HTTP/2. Shared by the connections of one listener, which it counts; thread-safe.
 */
@ChannelHandler.Sharable
final class PipelineAssembler extends ChannelInitializer<Channel> {
    private final Supplier<Reception> reception;
    private final Map<EventLoop, LoopConnections> connections;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger handshakes = new AtomicInteger();
    private final AddressLimit addresses = new AddressLimit();
    private final CompletableFuture<Void> emptied = new CompletableFuture<>();
    private volatile boolean ending;

    /**
     * No connections yet.
     *
     * @param reception what a connection gets that is accepted now
     */
    PipelineAssembler(Supplier<Reception> reception, Map<EventLoop, LoopConnections> connections) {
        this.reception = reception;
        this.connections = connections;
    }

    /** Done when all connections have closed. Called when no more will come. */
    CompletableFuture<Void> emptied() {
        ending = true;
        tellIfEmpty();
        return emptied;
    }

    private void tellIfEmpty() {
        if (ending && open.get() == 0) {
            emptied.complete(null);
        }
    }

    @Override
    protected void initChannel(Channel channel) {
        Reception now = reception.get();
        ConnectionSettings settings = now.settings();
        ListenerLimits limits = now.limits();
        TlsContexts tls = now.tls();
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
            tellIfEmpty();
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
            pipeline.addLast(new ProxyProtocol(
                    channel, settings.metrics(), limits.headerTimeout(), client -> addresses.admit(client, now)));
        } else if (!addresses.admit(channel, now)) {
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
        pipeline.addLast(new NewConnection(settings, peers, (ctx, http2) -> speak(ctx, http2, peers, now)));
    }

    private static void speak(ChannelHandlerContext ctx, boolean http2, LoopConnections peers, Reception reception) {
        ConnectionSettings settings = reception.settings();
        Set<Protocol> protocols = reception.protocols();
        ChannelPipeline pipeline = ctx.pipeline();
        // In clear text a listener of one protocol leaves it to that one to refuse what is not of it.
        boolean only2 = !protocols.contains(Protocol.HTTP_1_1);
        if (only2 && !http2 && reception.tls() != null) {
            settings.metrics().rejectedByProtocol();
            Channels.close(ctx);
        } else if (only2 || (http2 && protocols.contains(Protocol.HTTP_2))) {
            pipeline.addLast(Http2Connection.of(ctx.channel(), settings, peers));
        } else {
            Runnable tolerated = reception.tolerant() ? settings.metrics()::toleratedRequest : null;
            ServerCodec codec = new ServerCodec(reception.limits(), tolerated);
            pipeline.addLast(codec);
            pipeline.addLast(new Http1Connection(ctx.channel(), settings, peers, codec));
        }
    }
}
