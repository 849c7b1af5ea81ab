package io.gojinn.proxy.listen;

import io.gojinn.proxy.http.ConnectionSettings;
import io.gojinn.proxy.http.LoopConnections;
import io.gojinn.proxy.http.Service;
import io.gojinn.proxy.observe.ListenerMetrics;
import io.gojinn.proxy.transport.Transport;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A bound listening socket. Thread-safe. */
public final class Listener {
    private static final int BACKLOG = 1024;
    private static final int MAX_READ_BYTES = 64 << 10;

    private final String name;
    private final Channel channel;
    private final InetSocketAddress address;
    private final AcceptGate gate;
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private final AtomicBoolean stopping = new AtomicBoolean();

    private Listener(String name, Channel channel, AcceptGate gate) {
        this.name = name;
        this.channel = channel;
        this.address = (InetSocketAddress) channel.localAddress();
        this.gate = gate;
    }

    /**
     * Binds.
     *
     * @param acceptor the loop of the listening socket
     * @param loops the loops of the connections
     * @param connections for each of these loops
     * @throws IOException that names the listener, and the address or the file that is at fault
     */
    public static Listener bind(
            ListenerConfig config,
            Transport transport,
            EventLoopGroup acceptor,
            EventLoopGroup loops,
            Map<EventLoop, LoopConnections> connections,
            ListenerMetrics metrics,
            Supplier<Service> service)
            throws IOException {
        ListenerLimits limits = config.limits();
        ConnectionSettings settings = new ConnectionSettings(
                config.name(),
                config.tls().isPresent() ? "https" : "http",
                limits.headerBytes(),
                limits.headerCount(),
                limits.headerTimeout().toNanos(),
                limits.idleTimeout().toNanos(),
                limits.bodyRate(),
                config.http2(),
                config.trust(),
                metrics,
                service);
        TlsContexts tls = tls(config);
        if (tls != null) {
            tls.register(metrics.tls());
        }
        AcceptGate gate = new AcceptGate();
        ChannelFuture bound = new ServerBootstrap()
                .group(acceptor, loops)
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .handler(gate)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        // One read at a time: what waits in a connection is bounded by what one read holds.
                        new AdaptiveRecvByteBufAllocator(512, 4096, MAX_READ_BYTES).maxMessagesPerRead(1))
                .childHandler(new PipelineAssembler(settings, config.protocols(), limits, tls, connections))
                .bind(config.address())
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "listener " + config.name() + " cannot bind " + config.address() + ": "
                            + bound.cause().getMessage(),
                    bound.cause());
        }
        if (tls != null) {
            rotateTicketKeys(tls, bound.channel());
        }
        return new Listener(config.name(), bound.channel(), gate);
    }

    private static void rotateTicketKeys(TlsContexts tls, Channel channel) {
        long seconds = TlsContexts.TICKET_KEY_LIFE.toSeconds();
        Future<?> rotation =
                channel.eventLoop().scheduleAtFixedRate(tls::rotateTicketKeys, seconds, seconds, TimeUnit.SECONDS);
        channel.closeFuture().addListener(closed -> rotation.cancel(false));
    }

    /**
     * Checks what {@link #bind} would load.
     *
     * @throws IOException that names the listener and the file that is at fault
     */
    public static void check(ListenerConfig config) throws IOException {
        tls(config);
    }

    private static @Nullable TlsContexts tls(ListenerConfig config) throws IOException {
        try {
            return config.tls().isPresent() ? TlsContexts.load(config.tls().get(), config.protocols()) : null;
        } catch (IOException unusable) {
            throw new IOException("listener " + config.name() + ": " + unusable.getMessage(), unusable);
        }
    }

    /** The name in the config. */
    public String name() {
        return name;
    }

    /** Where it is bound. */
    public InetSocketAddress address() {
        return address;
    }

    /** Takes the connections that wait, then closes the socket; no connection is accepted after the future completes. */
    public CompletableFuture<Void> stopAccepting() {
        if (stopping.compareAndSet(false, true)) {
            gate.close(channel, stopped);
        }
        return stopped;
    }
}
