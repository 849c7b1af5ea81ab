package io.gojinn.proxy;

import io.gojinn.proxy.admin.AdminConfig;
import io.gojinn.proxy.admin.AdminPages;
import io.gojinn.proxy.admin.AdminServer;
import io.gojinn.proxy.admin.Operations;
import io.gojinn.proxy.files.FileAction;
import io.gojinn.proxy.files.FileThreads;
import io.gojinn.proxy.function.FunctionAction;
import io.gojinn.proxy.http.Action;
import io.gojinn.proxy.http.FixedActions;
import io.gojinn.proxy.http.LoopConnections;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Pins;
import io.gojinn.proxy.http.Route;
import io.gojinn.proxy.http.Service;
import io.gojinn.proxy.listen.Listener;
import io.gojinn.proxy.listen.ListenerConfig;
import io.gojinn.proxy.middleware.MiddlewareConfig;
import io.gojinn.proxy.observe.AccessLog;
import io.gojinn.proxy.observe.AccessLogLines;
import io.gojinn.proxy.observe.ListenerMetrics;
import io.gojinn.proxy.observe.Metrics;
import io.gojinn.proxy.observe.MirrorMetrics;
import io.gojinn.proxy.observe.RouteMetrics;
import io.gojinn.proxy.observe.SplitMetrics;
import io.gojinn.proxy.observe.UpstreamMetrics;
import io.gojinn.proxy.policy.Workers;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteConfig;
import io.gojinn.proxy.route.Router;
import io.gojinn.proxy.tenant.Tenants;
import io.gojinn.proxy.transport.Transport;
import io.gojinn.proxy.upstream.DnsConfig;
import io.gojinn.proxy.upstream.Mirror;
import io.gojinn.proxy.upstream.NameService;
import io.gojinn.proxy.upstream.Split;
import io.gojinn.proxy.upstream.SplitConfig;
import io.gojinn.proxy.upstream.TargetStatus;
import io.gojinn.proxy.upstream.Upstream;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.UpstreamKey;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.Registry;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.EventExecutor;
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data plane, running: listeners, event loops, connections to upstreams, the operators' listener. Thread-safe.
 */
public final class ProxyServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProxyServer.class);
    // How long a connection must be silent before it is closed while the server drains: long against a round trip,
    // short
    // against the grace.
    private static final Duration QUIET = Duration.ofMillis(500);
    private static final Duration RESOLVE_LIMIT = Duration.ofSeconds(3);
    private static final Duration CUT_OFF_LIMIT = Duration.ofSeconds(5);
    // A signature takes some hundred microseconds, a password some hundred milliseconds.
    private static final int TOKENS_WAITING = 1024;
    private static final int PASSWORDS_WAITING = 64;

    private final CollectorRegistry registry;
    private final Map<String, Middleware> givenMiddleware;
    private final FileThreads files;
    private final Operations operations;
    private final Transport transport;
    private final EventLoopGroup acceptor;
    private final EventLoopGroup loops;
    private final Metrics metrics;
    private final RouteMetrics unrouted;
    private final MiddlewareFactory.Means means;
    private final Optional<AccessLog> accessLog;
    private final List<AccessLogLines> accessLogLines = new ArrayList<>();
    private final Map<EventLoop, LoopConnections> connections = new HashMap<>();
    private final Listener.Host listenerHost;
    // What snapshots share: it lives as long as one of them has a lease of it.
    private final Registry<DnsConfig, NameService> names = new Registry<>(NameService::close);
    private final Registry<UpstreamKey, SharedUpstream> upstreams = new Registry<>(SharedUpstream::close);
    private final Registry<MiddlewareFactory.Key, Middleware> middleware = new Registry<>(Middleware::close);
    private final AtomicInteger retired = new AtomicInteger();
    private final AtomicInteger generation = new AtomicInteger();
    // Written by reloads alone; asked for by anybody, also while the server drains.
    private volatile @Nullable AdminServer admin;
    // Guarded by this.
    private @Nullable InetSocketAddress adminConfigured;
    private @Nullable Integer cutOff;
    private boolean released;
    private volatile boolean draining;
    // The one reference that a reload writes: whoever reads it has a whole config.
    private volatile Snapshot current;

    private ProxyServer(
            ProxyConfig config,
            Map<String, Middleware> givenMiddleware,
            CollectorRegistry registry,
            Operations operations,
            Optional<OutputStream> accessLog) {
        this.givenMiddleware = givenMiddleware;
        this.registry = registry;
        this.operations = operations;
        this.transport = Transport.select();
        int threads = config.eventLoops() == 0 ? Runtime.getRuntime().availableProcessors() : config.eventLoops();
        this.acceptor = transport.newLoops(1, "gojinn-accept");
        this.loops = transport.newLoops(threads, "gojinn-loop");
        this.metrics = new Metrics(registry);
        this.files = new FileThreads(metrics);
        this.unrouted = metrics.route(Metrics.NO_ROUTE).value();
        this.means = new MiddlewareFactory.Means(
                loops,
                metrics,
                new Workers("gojinn-tokens", threads, TOKENS_WAITING),
                // Less than the processors, so that guessing passwords leaves some of them.
                new Workers("gojinn-passwords", Math.max(1, threads / 2), PASSWORDS_WAITING));
        this.accessLog = accessLog.map(output -> new AccessLog(output, metrics));
        for (EventExecutor executor : loops) {
            EventLoop loop = (EventLoop) executor;
            connections.put(loop, new LoopConnections(connections.size(), loop, lines(loop)));
        }
        this.listenerHost = new Listener.Host(transport, acceptor, loops, connections, () -> current.service());
        Service nothing = new Service(
                new Router<>(List.of()),
                metrics,
                unrouted,
                new Pins(connections.values(), retired::decrementAndGet),
                null,
                null);
        this.current = new Snapshot(config, nothing, Map.of(), List.of());
    }

    private @Nullable AccessLogLines lines(EventLoop loop) {
        if (accessLog.isEmpty()) {
            return null;
        }
        AccessLogLines lines = new AccessLogLines(accessLog.get(), loop);
        accessLogLines.add(lines);
        return lines;
    }

    /** An upstream with what it holds of others. */
    private record SharedUpstream(
            Upstream upstream, Registry.Lease<NameService> names, Registry.Lease<UpstreamMetrics> metrics) {
        void close() {
            upstream.close();
            metrics.close();
            names.close();
        }
    }

    /**
     * Binds every listener and serves.
     *
     * @param functions by the name that routes call them
     * @param metrics where the metrics are registered
     * @param accessLog gets a line a request; not closed; empty for none
     * @throws UnusableConfigException when a listener cannot be bound or a certificate not loaded; nothing stays open
     */
    public static ProxyServer start(
            ProxyConfig config,
            Map<String, ? extends FunctionInvoker> functions,
            CollectorRegistry metrics,
            Operations operations,
            Optional<OutputStream> accessLog)
            throws UnusableConfigException {
        return start(config, functions, Map.of(), metrics, operations, accessLog);
    }

    /** With middleware beyond what a config can say. */
    static ProxyServer start(
            ProxyConfig config,
            Map<String, ? extends FunctionInvoker> functions,
            Map<String, Middleware> middleware,
            CollectorRegistry metrics,
            Operations operations,
            Optional<OutputStream> accessLog)
            throws UnusableConfigException {
        ProxyServer server = new ProxyServer(config, middleware, metrics, operations, accessLog);
        try {
            server.reload(config, functions, () -> {});
            return server;
        } catch (IOException | RuntimeException failed) {
            server.release();
            throw failed;
        }
    }

    /**
     * Loads what {@link #start} would load, without binding anything.
     *
     * @return every certificate that cannot be used, naming listener or upstream, and file
     */
    public static List<String> check(ProxyConfig config) {
        List<String> problems = new ArrayList<>();
        for (ListenerConfig listener : config.listeners()) {
            collect(problems, () -> Listener.check(listener));
        }
        for (UpstreamConfig upstream : config.upstreams()) {
            collect(problems, () -> Upstream.loadTls(upstream));
        }
        for (MiddlewareConfig each : config.middleware()) {
            collect(problems, () -> MiddlewareFactory.check(each));
        }
        return problems;
    }

    /** A step that may find that the config asks for what cannot be had. */
    private interface Step {
        void run() throws IOException;
    }

    private static void collect(List<String> problems, Step step) {
        try {
            step.run();
        } catch (IOException problem) {
            problems.add(String.valueOf(problem.getMessage()));
        }
    }

    /**
     * Serves another config from now on, or goes on as before when that cannot be. Exchanges that are open end with the config
     * they began with. Listeners, upstreams with their connections and what is known of their health live on where nothing of
     * theirs has changed; connections of a listener that is no more end when they have done what they were asked for. The
     * number of event loops stays as it was at the start. Blocks, for some seconds when a name of an upstream is not resolved.
     *
     * @param functions by the name that routes call them; they have to stay callable until {@code unused} is called
     * @param unused called once, on a thread that may block, when nothing of this config is needed any more
     * @throws UnusableConfigException with every problem; nothing has changed
     * @throws IllegalStateException when the server drains; nothing has changed
     */
    public synchronized void reload(
            ProxyConfig config, Map<String, ? extends FunctionInvoker> functions, Runnable unused)
            throws UnusableConfigException {
        if (draining) {
            throw new IllegalStateException("the server drains");
        }
        try (Change change = new Change(current, config, functions)) {
            change.takeListeners();
            change.takeUpstreams();
            change.takeMiddleware();
            change.takeAdmin();
            change.prove();
            change.publish(change.build(unused));
        }
    }

    /** A reload under way; what it has taken is given back unless it is published. Guarded by the server's lock. */
    private final class Change implements AutoCloseable {
        private final Snapshot before;
        private final ProxyConfig config;
        private final Map<String, ? extends FunctionInvoker> functions;
        private final MiddlewareFactory takenMiddleware;
        private final List<String> problems = new ArrayList<>();
        private final List<Registry.Lease<?>> leases = new ArrayList<>();
        private final List<Listener> listeners = new ArrayList<>();
        private final List<Listener> added = new ArrayList<>();
        private final List<Runnable> renewals = new ArrayList<>();
        private final Map<String, Upstream> taken = new HashMap<>();
        private @Nullable AdminServer newAdmin;
        private boolean published;

        Change(Snapshot before, ProxyConfig config, Map<String, ? extends FunctionInvoker> functions) {
            this.before = before;
            this.config = config;
            this.functions = functions;
            this.takenMiddleware = new MiddlewareFactory(functions, taken, means, givenMiddleware, middleware, leases);
        }

        /** Finds the listeners that stay, and binds the others, which accept nothing yet. */
        void takeListeners() {
            for (ListenerConfig listener : config.listeners()) {
                collect(problems, () -> takeListener(listener));
            }
        }

        private void takeListener(ListenerConfig listener) throws IOException {
            for (Listener known : before.listeners()) {
                if (known.is(listener)) {
                    renewals.add(known.renewal(listener));
                    listeners.add(known);
                    return;
                }
            }
            Registry.Lease<ListenerMetrics> ofListener = metrics.listener(listener.name());
            try {
                Listener bound = newListener(listener, ofListener);
                added.add(bound);
                listeners.add(bound);
            } catch (IOException refused) {
                ofListener.close();
                throw refused;
            }
        }

        private Listener newListener(ListenerConfig listener, Registry.Lease<ListenerMetrics> ofListener)
                throws IOException {
            for (Listener known : before.listeners()) {
                if (known.isReplacedBy(listener)) {
                    return Listener.inPlaceOf(known, listener, ofListener);
                }
            }
            return Listener.bind(listener, listenerHost, ofListener);
        }

        void takeUpstreams() {
            for (UpstreamConfig upstream : config.upstreams()) {
                collect(problems, () -> {
                    Registry.Lease<SharedUpstream> lease = upstreams.lease(
                            UpstreamKey.of(upstream, config.dns()), () -> newUpstream(upstream, config.dns()));
                    leases.add(lease);
                    taken.put(upstream.name(), lease.value().upstream());
                });
            }
        }

        private SharedUpstream newUpstream(UpstreamConfig upstream, DnsConfig dns) throws IOException {
            Optional<SslContext> tls = Upstream.loadTls(upstream);
            Registry.Lease<NameService> service = names.lease(dns, () -> new NameService(dns, transport, loops.next()));
            Registry.Lease<UpstreamMetrics> ofUpstream = metrics.upstream(upstream.name());
            Upstream opened = new Upstream(
                    upstream,
                    transport,
                    service.value(),
                    loops,
                    tls,
                    ofUpstream.value(),
                    Optional.ofNullable(before.upstreams().get(upstream.name())));
            return new SharedUpstream(opened, service, ofUpstream);
        }

        void takeMiddleware() {
            config.middleware().forEach(each -> collect(problems, () -> takenMiddleware.take(each)));
        }

        void takeAdmin() {
            config.admin()
                    .filter(wanted -> !wanted.address().equals(adminConfigured))
                    .ifPresent(wanted -> collect(
                            problems,
                            () -> newAdmin = AdminServer.bind(wanted.address(), transport, acceptor, adminPages())));
        }

        void prove() throws UnusableConfigException {
            if (!problems.isEmpty()) {
                throw new UnusableConfigException(problems);
            }
            // So that the first request finds its targets; a name that is not resolved by then does not keep others
            // waiting.
            await(all(taken.values().stream().map(Upstream::resolved).toList()), RESOLVE_LIMIT);
        }

        Snapshot build(Runnable unused) {
            return new Snapshot(config, service(pins(leases, unused)), taken, listeners);
        }

        private Service service(Pins pins) {
            Map<String, Action> destinations = destinations();
            List<Router.Entry<Route>> routes = new ArrayList<>();
            for (RouteConfig route : config.routes()) {
                Registry.Lease<RouteMetrics> ofRoute = metrics.route(route.name());
                leases.add(ofRoute);
                routes.add(new Router.Entry<>(
                        route.match(),
                        new Route(
                                route.name(),
                                action(route, destinations),
                                ofRoute.value(),
                                takenMiddleware.of(route))));
            }
            return new Service(
                    new Router<>(routes),
                    metrics,
                    unrouted,
                    pins,
                    config.debugSecret().orElse(null),
                    config.tenancy()
                            .map(tenancy -> Tenants.of(tenancy, before.service().tenants()))
                            .orElse(null));
        }

        /** What requests are forwarded to, by name. */
        private Map<String, Action> destinations() {
            Map<String, Action> destinations = new HashMap<>(taken);
            for (SplitConfig split : config.splits()) {
                destinations.put(split.name(), new Split(split, new PartsOf(split)));
            }
            return destinations;
        }

        private final class PartsOf implements Split.Parts {
            private final SplitConfig split;

            PartsOf(SplitConfig split) {
                this.split = split;
            }

            @Override
            public Upstream upstream(String name) {
                return named(taken, name, "split " + split.name());
            }

            @Override
            public SplitMetrics metrics(String upstream) {
                Registry.Lease<SplitMetrics> lease = metrics.split(split.name(), upstream);
                leases.add(lease);
                return lease.value();
            }
        }

        private Action action(RouteConfig route, Map<String, Action> destinations) {
            Action action = unmirrored(route, destinations);
            return route.mirror()
                    .<Action>map(mirror -> {
                        Registry.Lease<MirrorMetrics> lease = metrics.mirror(route.name());
                        leases.add(lease);
                        Upstream copied = named(taken, mirror.upstream(), "route " + route.name());
                        return new Mirror(action, mirror, copied, lease.value());
                    })
                    .orElse(action);
        }

        private Action unmirrored(RouteConfig route, Map<String, Action> destinations) {
            return switch (route.action()) {
                case RouteAction.Forward forward -> named(destinations, forward.upstream(), "route " + route.name());
                case RouteAction.Call call ->
                    new FunctionAction(named(functions, call.function(), "route " + route.name()));
                case RouteAction.Files folder -> new FileAction(folder, route.match(), files);
                case RouteAction.Respond respond -> FixedActions.respond(respond);
                case RouteAction.Redirect redirect -> FixedActions.redirect(redirect);
            };
        }

        @SuppressWarnings(
                "FutureReturnValueIgnored") // what goes wrong while a listener leaves is nobody else's concern
        void publish(Snapshot next) {
            published = true;
            Pins pinsBefore = before.service().pins();
            List<Listener> gone = before.listeners().stream()
                    .filter(listener -> !listeners.contains(listener))
                    .toList();
            for (Listener listener : gone) {
                pinsBefore.hold();
                listener.serveLast(before.service());
            }
            current = next;
            generation.incrementAndGet();
            retired.incrementAndGet();
            renewals.forEach(Runnable::run);
            added.forEach(Listener::open);
            for (Listener listener : gone) {
                listener.leave().whenComplete((left, defect) -> pinsBefore.release());
            }
            pinsBefore.retire();
            AdminServer adminBefore = admin;
            if (newAdmin != null || config.admin().isEmpty()) {
                admin = newAdmin;
                if (adminBefore != null) {
                    adminBefore.close();
                }
            }
            adminConfigured = config.admin().map(AdminConfig::address).orElse(null);
        }

        @Override
        public void close() {
            if (!published) {
                added.forEach(Listener::abandon);
                leases.forEach(Registry.Lease::close);
                if (newAdmin != null) {
                    newAdmin.close();
                }
            }
        }
    }

    // Not in Change: a snapshot that refers to its change refers to the one before, and so to all that have ever been.
    private Pins pins(List<Registry.Lease<?>> leases, Runnable unused) {
        return new Pins(connections.values(), () -> reclaim(leases, unused));
    }

    private void reclaim(List<Registry.Lease<?>> leases, Runnable unused) {
        Thread.ofPlatform().name("gojinn-reclaim").daemon().start(() -> {
            try {
                synchronized (this) {
                    // What is left when the server ends, ends with it.
                    if (!released) {
                        leases.forEach(Registry.Lease::close);
                    }
                }
                unused.run();
            } catch (RuntimeException defect) {
                LOG.error("a config that is not needed any more was not reclaimed whole", defect);
            } finally {
                retired.decrementAndGet();
            }
        });
    }

    private AdminPages adminPages() {
        return new AdminPages(
                () -> current.config().admin().map(AdminConfig::metricsPath).orElse(""),
                registry,
                () -> draining,
                () -> operations.status(targets()),
                operations::reload);
    }

    /** How many configs have been served, the one that is now included. */
    public int generation() {
        return generation.get();
    }

    /** How many configs are not served any more but still needed, by exchanges or connections that began with them. */
    public int retired() {
        return retired.get();
    }

    private Map<String, List<TargetStatus>> targets() {
        Map<String, List<TargetStatus>> targets = new HashMap<>();
        current.upstreams().forEach((name, upstream) -> targets.put(name, upstream.status()));
        return targets;
    }

    static <V> V named(Map<String, ? extends V> values, String name, String by) {
        V value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException(by + " refers to \"" + name + "\", which is not there");
        }
        return value;
    }

    /**
     * Where a listener is bound.
     *
     * @throws IllegalArgumentException when there is none of this name
     */
    public InetSocketAddress address(String listener) {
        return current.listeners().stream()
                .filter(bound -> bound.name().equals(listener))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no listener \"" + listener + '"'))
                .address();
    }

    /** Where the listeners are bound, in the order of the config. */
    public List<InetSocketAddress> addresses() {
        return current.listeners().stream().map(Listener::address).toList();
    }

    /** Where the operators' listener is bound, if there is one. */
    public Optional<InetSocketAddress> adminAddress() {
        return Optional.ofNullable(admin).map(AdminServer::address);
    }

    /** Whether every event loop does something within this time. Blocks for as long as that takes. */
    public boolean responds(Duration limit) {
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (EventLoopGroup group : List.of(acceptor, loops)) {
            group.forEach(loop -> done.add(CompletableFuture.runAsync(() -> {}, loop)));
        }
        return await(all(done), limit);
    }

    /**
     * Stops: takes no more connections, lets open exchanges end for as long as the grace lasts, then ends them. Returns when
     * everything is closed; a second call waits for the first.
     *
     * @return how many exchanges were cut off
     */
    public int drain() {
        // Before the lock: a reload that has not begun does not.
        draining = true;
        return drainOnce();
    }

    private synchronized int drainOnce() {
        if (cutOff != null) {
            return cutOff;
        }
        Duration grace = current.config().shutdownGrace();
        long deadlineNanos = System.nanoTime() + grace.toNanos();
        // The listening sockets first: a client that is told to close and connects again is refused, not lost.
        await(all(current.listeners().stream().map(Listener::stopAccepting).toList()), grace);
        long quietNanos = Math.min(QUIET.toNanos(), grace.toNanos() / 4);
        List<CompletableFuture<Void>> emptied = new ArrayList<>();
        connections.forEach((loop, ofLoop) -> {
            CompletableFuture<Void> empty = new CompletableFuture<>();
            emptied.add(empty);
            loop.execute(() -> ofLoop.drain(quietNanos, () -> empty.complete(null)));
        });
        CompletableFuture<Void> allEmpty = all(emptied);
        if (!await(allEmpty, Duration.ofNanos(Math.max(0, deadlineNanos - System.nanoTime())))) {
            connections.forEach((loop, ofLoop) -> loop.execute(ofLoop::abort));
            await(allEmpty, CUT_OFF_LIMIT);
        }
        // Every loop is done with its counter: the futures order that before this.
        int cut =
                connections.values().stream().mapToInt(LoopConnections::cutOff).sum();
        cutOff = cut;
        release();
        LOG.atInfo().addKeyValue("cut_off", cut).log("stopped");
        return cut;
    }

    /** Drains. */
    @Override
    public void close() {
        drain();
    }

    private synchronized void release() {
        released = true;
        current.listeners().forEach(listener -> await(listener.stopAccepting(), CUT_OFF_LIMIT));
        AdminServer closing = admin;
        if (closing != null) {
            closing.close();
        }
        middleware.values().forEach(Middleware::close);
        means.close();
        upstreams.values().forEach(SharedUpstream::close);
        names.values().forEach(NameService::close);
        awaitDeregistered(System.nanoTime() + CUT_OFF_LIMIT.toNanos());
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        accessLogLines.forEach(AccessLogLines::handOver);
        accessLog.ifPresent(AccessLog::close);
    }

    // With io_uring a channel is closed when the kernel has let go of it; a loop that ended earlier would leave it half
    // closed.
    private void awaitDeregistered(long deadlineNanos) {
        for (EventExecutor loop : loops) {
            while (((SingleThreadEventLoop) loop).registeredChannels() > 0 && System.nanoTime() - deadlineNanos < 0) {
                LockSupport.parkNanos(100_000);
            }
        }
    }

    private static CompletableFuture<Void> all(List<CompletableFuture<Void>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture<?>[]::new));
    }

    private static boolean await(CompletableFuture<Void> future, Duration limit) {
        try {
            future.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException late) {
            return false;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
