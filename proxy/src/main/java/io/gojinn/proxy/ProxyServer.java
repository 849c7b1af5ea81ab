package io.gojinn.proxy;

import io.gojinn.proxy.admin.AdminConfig;
import io.gojinn.proxy.admin.AdminServer;
import io.gojinn.proxy.function.FunctionAction;
import io.gojinn.proxy.http.Action;
import io.gojinn.proxy.http.FixedActions;
import io.gojinn.proxy.http.LoopConnections;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Route;
import io.gojinn.proxy.http.Service;
import io.gojinn.proxy.listen.Listener;
import io.gojinn.proxy.listen.ListenerConfig;
import io.gojinn.proxy.observe.AccessLog;
import io.gojinn.proxy.observe.AccessLogLines;
import io.gojinn.proxy.observe.Metrics;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteConfig;
import io.gojinn.proxy.route.Router;
import io.gojinn.proxy.transport.Transport;
import io.gojinn.proxy.upstream.NameService;
import io.gojinn.proxy.upstream.TargetStatus;
import io.gojinn.proxy.upstream.Upstream;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.runtime.FunctionInvoker;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
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
import java.util.function.Function;
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

    private final Duration grace;
    private final EventLoopGroup acceptor;
    private final EventLoopGroup loops;
    private final NameService names;
    private final Metrics metrics;
    private final Optional<AccessLog> accessLog;
    private final List<AccessLogLines> accessLogLines = new ArrayList<>();
    private final Map<EventLoop, LoopConnections> connections = new HashMap<>();
    private final Map<String, Upstream> upstreams = new HashMap<>();
    private final List<Listener> listeners = new ArrayList<>();
    private @Nullable AdminServer admin;
    private volatile boolean draining;
    private @Nullable Integer cutOff;

    private ProxyServer(
            ProxyConfig config, Transport transport, CollectorRegistry registry, Optional<OutputStream> accessLog) {
        this.grace = config.shutdownGrace();
        int threads = config.eventLoops() == 0 ? Runtime.getRuntime().availableProcessors() : config.eventLoops();
        this.acceptor = transport.newLoops(1, "gojinn-accept");
        this.loops = transport.newLoops(threads, "gojinn-loop");
        this.names = new NameService(config.dns(), transport, loops.next());
        this.metrics = new Metrics(registry);
        this.accessLog = accessLog.map(output -> new AccessLog(output, metrics));
        for (EventExecutor loop : loops) {
            connections.put((EventLoop) loop, new LoopConnections((EventLoop) loop, lines((EventLoop) loop)));
        }
    }

    private @Nullable AccessLogLines lines(EventLoop loop) {
        if (accessLog.isEmpty()) {
            return null;
        }
        AccessLogLines lines = new AccessLogLines(accessLog.get(), loop);
        accessLogLines.add(lines);
        return lines;
    }

    /**
     * Binds every listener and serves.
     *
     * @param functions by the name that routes call them
     * @param metrics where the metrics are registered
     * @param status makes the document behind {@code GET /status}, JSON, given what is known of the targets of each upstream;
     *     may block
     * @param accessLog gets a line a request; not closed; empty for none
     * @throws IOException when a listener cannot be bound or a certificate not loaded, with its name; nothing stays open
     */
    public static ProxyServer start(
            ProxyConfig config,
            Map<String, ? extends FunctionInvoker> functions,
            CollectorRegistry metrics,
            Function<Map<String, List<TargetStatus>>, String> status,
            Optional<OutputStream> accessLog)
            throws IOException {
        return start(config, functions, Map.of(), metrics, status, accessLog);
    }

    /** With middleware beyond what a config can say. */
    static ProxyServer start(
            ProxyConfig config,
            Map<String, ? extends FunctionInvoker> functions,
            Map<String, Middleware> middleware,
            CollectorRegistry metrics,
            Function<Map<String, List<TargetStatus>>, String> status,
            Optional<OutputStream> accessLog)
            throws IOException {
        Transport transport = Transport.select();
        ProxyServer server = new ProxyServer(config, transport, metrics, accessLog);
        try {
            server.open(config, transport, functions, middleware, metrics, status);
            return server;
        } catch (IOException | RuntimeException failed) {
            server.release();
            throw failed;
        }
    }

    /**
     * Loads what {@link #start} would load, without binding anything.
     *
     * @throws IOException when a certificate cannot be used, naming listener or upstream, and file
     */
    public static void check(ProxyConfig config) throws IOException {
        for (ListenerConfig listener : config.listeners()) {
            Listener.check(listener);
        }
        for (UpstreamConfig upstream : config.upstreams()) {
            Upstream.loadTls(upstream);
        }
    }

    private void open(
            ProxyConfig config,
            Transport transport,
            Map<String, ? extends FunctionInvoker> functions,
            Map<String, Middleware> middleware,
            CollectorRegistry registry,
            Function<Map<String, List<TargetStatus>>, String> status)
            throws IOException {
        for (UpstreamConfig upstream : config.upstreams()) {
            upstreams.put(
                    upstream.name(),
                    new Upstream(
                            upstream,
                            transport,
                            names,
                            loops,
                            Upstream.loadTls(upstream),
                            metrics.upstream(upstream.name())));
        }
        // So that the first request finds its targets; a name that is not resolved by then does not keep others
        // waiting.
        await(all(upstreams.values().stream().map(Upstream::resolved).toList()), RESOLVE_LIMIT);
        Service service = service(config, functions, middleware);
        for (ListenerConfig listener : config.listeners()) {
            listeners.add(Listener.bind(
                    listener,
                    transport,
                    acceptor,
                    loops,
                    connections,
                    metrics.listener(listener.name()),
                    () -> service));
        }
        Optional<AdminConfig> adminConfig = config.admin();
        if (adminConfig.isPresent()) {
            admin = AdminServer.bind(
                    adminConfig.get(), transport, acceptor, registry, () -> draining, () -> status.apply(targets()));
        }
    }

    private Map<String, List<TargetStatus>> targets() {
        Map<String, List<TargetStatus>> targets = new HashMap<>();
        upstreams.forEach((name, upstream) -> targets.put(name, upstream.status()));
        return targets;
    }

    private Service service(
            ProxyConfig config,
            Map<String, ? extends FunctionInvoker> functions,
            Map<String, Middleware> givenMiddleware) {
        MiddlewareFactory middleware = new MiddlewareFactory(config.middleware(), functions, givenMiddleware);
        List<Router.Entry<Route>> routes = new ArrayList<>();
        for (RouteConfig route : config.routes()) {
            Action action = switch (route.action()) {
                case RouteAction.Forward forward -> named(upstreams, forward.upstream(), "route " + route.name());
                case RouteAction.Call call ->
                    new FunctionAction(named(functions, call.function(), "route " + route.name()));
                case RouteAction.Respond respond -> FixedActions.respond(respond);
                case RouteAction.Redirect redirect -> FixedActions.redirect(redirect);
            };
            routes.add(new Router.Entry<>(
                    route.match(), new Route(route.name(), action, metrics.route(route.name()), middleware.of(route))));
        }
        return new Service(new Router<>(routes), metrics, metrics.route(Metrics.NO_ROUTE));
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
        return listeners.stream()
                .filter(bound -> bound.name().equals(listener))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no listener \"" + listener + '"'))
                .address();
    }

    /** Where the listeners are bound, in the order of the config. */
    public List<InetSocketAddress> addresses() {
        return listeners.stream().map(Listener::address).toList();
    }

    /** Where the operators' listener is bound, if there is one. */
    public Optional<InetSocketAddress> adminAddress() {
        return Optional.ofNullable(admin).map(AdminServer::address);
    }

    /**
     * Stops: takes no more connections, lets open exchanges end for as long as the grace lasts, then ends them. Returns when
     * everything is closed; a second call waits for the first.
     *
     * @return how many exchanges were cut off
     */
    public synchronized int drain() {
        if (cutOff != null) {
            return cutOff;
        }
        draining = true;
        long deadlineNanos = System.nanoTime() + grace.toNanos();
        // The listening sockets first: a client that is told to close and connects again is refused, not lost.
        await(all(listeners.stream().map(Listener::stopAccepting).toList()), grace);
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

    private void release() {
        listeners.forEach(listener -> await(listener.stopAccepting(), CUT_OFF_LIMIT));
        if (admin != null) {
            admin.close();
        }
        upstreams.values().forEach(Upstream::close);
        names.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        accessLogLines.forEach(AccessLogLines::handOver);
        accessLog.ifPresent(AccessLog::close);
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
