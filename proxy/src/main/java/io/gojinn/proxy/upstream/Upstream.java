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
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * A group of targets: who may use it, which target takes a request, and the pools of all event loops. Thread-safe.
 *
 * <p>What is shared by the loops is few atomics; one of them, the control loop, decides about the health of the targets.
 */
public final class Upstream implements Action {
    private static final int MAX_READ_BYTES = 64 << 10;

    private final UpstreamConfig config;
    private final UpstreamMetrics metrics;
    private final EventLoop control;
    private final Map<EventLoop, LoopTargets> loops = new HashMap<>();
    private final Admission admission;
    private final RetryBudget retryBudget;
    private final TargetHealth health;
    private final List<HealthCheck> checks = new ArrayList<>();
    private final Future<?> ticking;
    // The list is never changed, only replaced.
    private volatile List<Target> targets = List.of();

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
        this.config = config;
        this.metrics = metrics;
        this.control = (EventLoop) loops.next();
        UpstreamLimits limits = config.policy().limits();
        this.admission = new Admission(limits.requests(), limits.queue());
        this.retryBudget = new RetryBudget(
                config.policy().retry().budget(), config.policy().retry().minimumPerSecond());
        this.health = new TargetHealth(
                config.name(), config.policy().ejection(), control, () -> targets, this::limit, metrics);
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
        for (EventExecutor executor : loops) {
            EventLoop loop = (EventLoop) executor;
            this.loops.put(
                    loop,
                    new LoopTargets(
                            loop,
                            this.loops.size(),
                            config.policy().balance(),
                            limits.targetRequests(),
                            target -> pool(bootstrap, loop, target, tls, config.idleConnections())));
        }
        List<Target> configured = new ArrayList<>();
        for (UpstreamConfig.Target target : config.targets()) {
            configured.add(new Target(
                    target, target.authority(), address(target), config.policy().slowStart()));
        }
        renew(configured);
        config.policy().health().ifPresent(policy -> {
            for (Target target : configured) {
                TargetPool pool = pool(bootstrap, control, target, tls, 0);
                HealthCheck check = new HealthCheck(policy, pool, health, control);
                checks.add(check);
                control.execute(check::start);
            }
        });
        this.ticking = control.scheduleAtFixedRate(retryBudget::tick, 1, 1, TimeUnit.SECONDS);
        metrics.watch(
                () -> targets.size(),
                () -> (int) targets.stream().filter(Target::isAvailable).count(),
                admission::active,
                admission::waiting);
    }

    private TargetPool pool(Bootstrap bootstrap, EventLoop loop, Target target, Optional<SslContext> tls, int maxIdle) {
        TargetConnector connector =
                new TargetConnector(bootstrap.clone(loop), target.address(), target.config(), config, tls.orElse(null));
        return new TargetPool(loop, connector, target, maxIdle, metrics);
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

    private void renew(List<Target> renewed) {
        List<Target> published = List.copyOf(renewed);
        targets = published;
        loops.forEach((loop, ofLoop) -> loop.execute(() -> ofLoop.renew(published)));
        limit();
    }

    /** So many turns as the targets that can be chosen can take. */
    private void limit() {
        UpstreamLimits limits = config.policy().limits();
        long available = targets.stream().filter(Target::isAvailable).count();
        long taking = available == 0 ? targets.size() : available;
        admission.limit((int) Math.min(limits.requests(), Math.max(1, taking) * limits.targetRequests()));
    }

    @Override
    public Activity open(Exchange exchange) {
        return new Forwarding(exchange, this);
    }

    @Override
    public boolean takesUpgrade(String protocol) {
        return tunnels().upgrades().contains(protocol);
    }

    TunnelConfig tunnels() {
        return config.tunnels();
    }

    LoopTargets targets(EventLoop loop) {
        LoopTargets ofLoop = loops.get(loop);
        if (ofLoop == null) {
            throw new IllegalStateException("an exchange on a foreign event loop");
        }
        return ofLoop;
    }

    UpstreamPolicy policy() {
        return config.policy();
    }

    Admission admission() {
        return admission;
    }

    RetryBudget retryBudget() {
        return retryBudget;
    }

    TargetHealth health() {
        return health;
    }

    long responseTimeoutNanos() {
        return config.responseTimeout().toNanos();
    }

    long idleTimeoutNanos() {
        return config.policy().idleTimeout().toNanos();
    }

    UpstreamMetrics metrics() {
        return metrics;
    }

    /** What can be told of the targets now. */
    public List<TargetStatus> status() {
        long now = System.nanoTime();
        return targets.stream().map(target -> TargetStatus.of(target, now)).toList();
    }

    /** Closes idle connections; those in use close when they come back. */
    public void close() {
        ticking.cancel(false);
        control.execute(() -> checks.forEach(HealthCheck::close));
        loops.forEach((loop, ofLoop) -> loop.execute(ofLoop::close));
    }
}
