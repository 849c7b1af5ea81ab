package io.gojinn.proxy.upstream;

import io.gojinn.proxy.http.Action;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.observe.UpstreamMetrics;
import io.gojinn.proxy.transport.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A group of targets with the pools of all event loops. Thread-safe. */
public final class Upstream implements Action {
    private static final int MAX_READ_BYTES = 64 << 10;

    private final Map<EventLoop, List<TargetPool>> pools = new HashMap<>();
    private final int targets;
    private final long responseTimeoutNanos;
    private final UpstreamMetrics metrics;
    private final AtomicInteger turn = new AtomicInteger();

    /**
     * An upstream without any connection yet.
     *
     * @param tls from {@link #loadTls}
     */
    public Upstream(
            UpstreamConfig config,
            Transport transport,
            AddressResolverGroup<InetSocketAddress> resolver,
            EventExecutorGroup loops,
            Optional<SslContext> tls,
            UpstreamMetrics metrics) {
        this.targets = config.targets().size();
        this.responseTimeoutNanos = config.responseTimeout().toNanos();
        this.metrics = metrics;
        Bootstrap bootstrap = TargetPool.configure(
                        new Bootstrap(),
                        Math.toIntExact(Math.min(
                                Integer.MAX_VALUE, config.connectTimeout().toMillis())))
                .channel(transport.socketChannel())
                .option(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        // One read at a time: what a slow client makes us hold is bounded by one read and a watermark.
                        new AdaptiveRecvByteBufAllocator(512, 4096, MAX_READ_BYTES).maxMessagesPerRead(1))
                .resolver(resolver);
        for (EventExecutor loop : loops) {
            List<TargetPool> ofLoop = new ArrayList<>();
            for (UpstreamConfig.Target target : config.targets()) {
                TargetConnector connector = new TargetConnector(
                        bootstrap.clone((EventLoop) loop), address(target), target, config, tls.orElse(null));
                ofLoop.add(new TargetPool(
                        (EventLoop) loop, connector, target.authority(), config.idleConnections(), metrics));
            }
            pools.put((EventLoop) loop, ofLoop);
        }
    }

    /**
     * Loads the certificates of an upstream: whom it trusts, and its own.
     *
     * @return nothing when no target speaks TLS
     * @throws IOException that names the upstream and the file which cannot be used
     */
    public static Optional<SslContext> loadTls(UpstreamConfig config) throws IOException {
        return TargetTls.load(config);
    }

    // An address needs no resolver, a name is resolved each time a connection is made.
    private static SocketAddress address(UpstreamConfig.Target target) {
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(target.host());
        if (literal == null) {
            return InetSocketAddress.createUnresolved(target.host(), target.port());
        }
        try {
            return new InetSocketAddress(InetAddress.getByAddress(literal), target.port());
        } catch (UnknownHostException impossible) {
            throw new IllegalArgumentException(target.host(), impossible);
        }
    }

    @Override
    public Activity open(Exchange exchange) {
        return new Forwarding(exchange, this);
    }

    /** The pool of the next target in turn, on this loop. */
    TargetPool next(EventLoop loop) {
        List<TargetPool> ofLoop = pools.get(loop);
        if (ofLoop == null) {
            throw new IllegalStateException("an exchange on a foreign event loop");
        }
        return ofLoop.get(targets == 1 ? 0 : Math.floorMod(turn.getAndIncrement(), targets));
    }

    long responseTimeoutNanos() {
        return responseTimeoutNanos;
    }

    UpstreamMetrics metrics() {
        return metrics;
    }

    /** Closes idle connections; those in use close when they come back. */
    public void close() {
        pools.forEach((loop, ofLoop) -> loop.execute(() -> ofLoop.forEach(TargetPool::close)));
    }
}
