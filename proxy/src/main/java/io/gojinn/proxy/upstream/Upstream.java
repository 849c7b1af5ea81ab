package io.gojinn.proxy.upstream;

import io.gojinn.proxy.http.Action;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.observe.UpstreamMetrics;
import io.gojinn.proxy.sticky.StickyCookie;
import io.gojinn.proxy.transport.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

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
    private final @Nullable StickyCookie sticky;
    private final List<Server> servers = new ArrayList<>();
    private final Function<Target, Optional<HealthCheck>> newCheck;
    // Of the control loop alone.
    private final Map<Target, HealthCheck> checks = new HashMap<>();
    private final Future<?> ticking;
    private final Runnable unwatch;
    // The list is never changed, only replaced.
    private volatile List<Target> targets = List.of();

    /**
     * An upstream without any connection yet.
     *
     * @param tls from {@link #loadTls}
     * @param before takes the place of this one, configured otherwise: what its checks say of a target holds until it is
     *     checked again
     */
    public Upstream(
            UpstreamConfig config,
            Transport transport,
            NameService names,
            EventExecutorGroup loops,
            Optional<SslContext> tls,
            UpstreamMetrics metrics,
            Optional<Upstream> before) {
        this.config = config;
        this.metrics = metrics;
        this.control = (EventLoop) loops.next();
        UpstreamLimits limits = config.policy().limits();
        this.admission = new Admission(limits.requests(), limits.queue());
        this.retryBudget = new RetryBudget(
                config.policy().retry().budget(), config.policy().retry().minimumPerSecond());
        this.sticky = config.policy()
                .sticky()
                .map(policy -> new StickyCookie(policy, config.name()))
                .orElse(null);
        this.health = new TargetHealth(
                config.name(), config.policy().ejection(), control, () -> targets, this::limit, metrics);
        for (EventExecutor executor : loops) {
            EventLoop loop = (EventLoop) executor;
            this.loops.put(
                    loop,
                    new LoopTargets(
                            loop,
                            this.loops.size(),
                            config.policy().balance(),
                            limits.targetRequests(),
                            target -> pool(transport, loop, target, tls, config.idleConnections())));
        }
        this.newCheck = target -> config.policy()
                .health()
                .map(policy -> new HealthCheck(policy, pool(transport, control, target, tls, 0), health, control));
        for (UpstreamConfig.Target target : config.targets()) {
            servers.add(server(target, transport, names));
        }
        renew();
        before.ifPresent(this::inheritFrom);
        control.execute(() -> {
            renewChecks();
            servers.forEach(Server::follow);
        });
        this.ticking = control.scheduleAtFixedRate(retryBudget::tick, 1, 1, TimeUnit.SECONDS);
        this.unwatch = metrics.watch(
                () -> targets.size(),
                () -> (int) targets.stream().filter(Target::isAvailable).count(),
                admission::active,
                admission::waiting);
    }

    private TargetPool pool(Transport transport, EventLoop loop, Target target, Optional<SslContext> tls, int maxIdle) {
        TargetConnector connector = new TargetConnector(
                bootstrap(transport, target).group(loop), target.address(), target.config(), config, tls.orElse(null));
        return new TargetPool(loop, connector, target, maxIdle, metrics);
    }

    private Bootstrap bootstrap(Transport transport, Target target) {
        long timeoutMillis = Math.min(Integer.MAX_VALUE, config.connectTimeout().toMillis());
        Bootstrap bootstrap = new Bootstrap()
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(timeoutMillis))
                .option(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        // One read at a time: what a slow client makes us hold is bounded by one read and a watermark.
                        new AdaptiveRecvByteBufAllocator(512, 4096, MAX_READ_BYTES).maxMessagesPerRead(1));
        return target.config().socket().isPresent()
                ? bootstrap.channel(transport.unixChannel())
                : transport
                        .boundUnsent(bootstrap)
                        .channel(transport.socketChannel())
                        .option(ChannelOption.TCP_NODELAY, true);
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

    private Server server(UpstreamConfig.Target target, Transport transport, NameService names) {
        Optional<Path> socket = target.socket();
        if (socket.isPresent()) {
            return new Server.Fixed(target, transport.unixAddress(socket.get()));
        }
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(target.host());
        if (literal == null) {
            return new Server.Named(target, new NameWatch(target.host(), names, control, () -> {
                renew();
                renewChecks();
            }));
        }
        try {
            return new Server.Fixed(target, new InetSocketAddress(InetAddress.getByAddress(literal), target.port()));
        } catch (UnknownHostException impossible) {
            throw new IllegalArgumentException(target.host(), impossible);
        }
    }

    /** A configured target: one at an address, or as many as its name leads to. */
    private sealed interface Server {
        UpstreamConfig.Target target();

        List<SocketAddress> addresses();

        String label(SocketAddress address);

        /** Begins to follow the name. On the control loop, as {@link #leave}. */
        void follow();

        void leave();

        /** Done when it is known or unknown where it is. */
        CompletableFuture<Void> asked();

        record Fixed(UpstreamConfig.Target target, SocketAddress address) implements Server {
            @Override
            public List<SocketAddress> addresses() {
                return List.of(address);
            }

            @Override
            public String label(SocketAddress address) {
                return target.label();
            }

            @Override
            public void follow() {}

            @Override
            public void leave() {}

            @Override
            public CompletableFuture<Void> asked() {
                return CompletableFuture.completedFuture(null);
            }
        }

        record Named(UpstreamConfig.Target target, NameWatch watch) implements Server {
            @Override
            public List<SocketAddress> addresses() {
                return watch.addresses().stream()
                        .<SocketAddress>map(address -> new InetSocketAddress(address, target.port()))
                        .toList();
            }

            @Override
            public String label(SocketAddress address) {
                return target.authority() + "@"
                        + ((InetSocketAddress) address).getAddress().getHostAddress();
            }

            @Override
            public void follow() {
                watch.ask();
            }

            @Override
            public void leave() {
                watch.close();
            }

            @Override
            public CompletableFuture<Void> asked() {
                return watch.asked();
            }
        }
    }

    /** Done when every name was asked for once, whatever the answer, and all event loops know the targets. */
    public CompletableFuture<Void> resolved() {
        return CompletableFuture.allOf(servers.stream().map(Server::asked).toArray(CompletableFuture<?>[]::new))
                .thenCompose(asked -> CompletableFuture.allOf(loops.keySet().stream()
                        .map(loop -> CompletableFuture.runAsync(() -> {}, loop))
                        .toArray(CompletableFuture<?>[]::new)));
    }

    /** Publishes the targets as they are known now. Those that stay keep their state, their pools and their connections. */
    @SuppressWarnings("ReferenceEquality") // the same target written twice is two
    private void renew() {
        List<Target> before = targets;
        List<Target> renewed = new ArrayList<>();
        for (Server server : servers) {
            for (SocketAddress address : server.addresses()) {
                Target target = before.stream()
                        .filter(known -> known.config() == server.target()
                                && known.address().equals(address))
                        .findFirst()
                        .orElse(null);
                if (target == null) {
                    String label = server.label(address);
                    target = new Target(
                            server.target(),
                            label,
                            address,
                            sticky == null ? "" : sticky.token(label),
                            config.policy().slowStart());
                    // What the first answer says was there before us.
                    if (!before.isEmpty() && server.asked().isDone()) {
                        target.rise(System.nanoTime());
                    }
                }
                renewed.add(target);
            }
        }
        List<Target> published = List.copyOf(renewed);
        targets = published;
        loops.forEach((loop, ofLoop) -> loop.execute(() -> ofLoop.renew(published)));
        limit();
    }

    // Names are followed anew, so that of those nothing is known yet.
    private void inheritFrom(Upstream before) {
        if (config.policy().health().isEmpty()) {
            return;
        }
        for (Target target : targets) {
            for (Target known : before.targets) {
                if (!known.isPassing()
                        && known.address().equals(target.address())
                        && known.config().tls() == target.config().tls()) {
                    target.passing(false, System.nanoTime());
                }
            }
        }
        limit();
    }

    private void renewChecks() {
        assert control.inEventLoop();
        List<Target> now = targets;
        checks.entrySet().removeIf(check -> {
            boolean gone = !now.contains(check.getKey());
            if (gone) {
                check.getValue().close();
            }
            return gone;
        });
        for (Target target : now) {
            if (!checks.containsKey(target)) {
                newCheck.apply(target).ifPresent(check -> {
                    checks.put(target, check);
                    check.start();
                });
            }
        }
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
        return open(exchange, null);
    }

    /**
     * Takes on an exchange.
     *
     * @param setCookie what the client is to be told by Set-Cookie with a response; null for nothing
     */
    Activity open(Exchange exchange, @Nullable String setCookie) {
        return new Forwarding(exchange, this, setCookie);
    }

    /** Whether there is a target that is well. */
    boolean isAvailable() {
        for (Target target : targets) {
            if (target.isAvailable()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Asks something of the proxy's own.
     *
     * @param loop one of those that the upstream was made with, and the current one
     * @param then is told of the outcome there, perhaps before this returns
     */
    public Subrequest ask(EventLoop loop, Subrequest.Question question, Consumer<Subrequest.Outcome> then) {
        Subrequest asking = new Subrequest(this, loop, question, then);
        asking.start();
        return asking;
    }

    @Override
    public boolean takesUpgrade(String protocol) {
        return tunnels().upgrades().contains(protocol);
    }

    @Override
    public boolean passesCalls() {
        return config.wire().protocol() != WireConfig.Protocol.HTTP_1_1;
    }

    HostPolicy host() {
        return config.host();
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

    /** What leads clients back to their targets; null where nothing does. */
    @Nullable
    StickyCookie sticky() {
        return sticky;
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
        unwatch.run();
        ticking.cancel(false);
        control.execute(() -> {
            servers.forEach(Server::leave);
            checks.values().forEach(HealthCheck::close);
        });
        loops.forEach((loop, ofLoop) -> loop.execute(ofLoop::close));
    }
}
