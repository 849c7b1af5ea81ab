package io.gojinn.proxy;

import io.gojinn.proxy.address.ProxyTrust;
import io.gojinn.proxy.admin.AdminConfig;
import io.gojinn.proxy.admin.Operations;
import io.gojinn.proxy.http.Http2Limits;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.listen.ListenerConfig;
import io.gojinn.proxy.listen.ListenerLimits;
import io.gojinn.proxy.listen.Protocol;
import io.gojinn.proxy.listen.TlsConfig;
import io.gojinn.proxy.middleware.MiddlewareConfig;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.route.MirrorConfig;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteConfig;
import io.gojinn.proxy.route.RouteMatch;
import io.gojinn.proxy.tenant.TenancyConfig;
import io.gojinn.proxy.upstream.DnsConfig;
import io.gojinn.proxy.upstream.SplitConfig;
import io.gojinn.proxy.upstream.TargetStatus;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.runtime.FunctionInvoker;
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A proxy on free ports of loopback, and what a test configures it with. */
final class TestProxy implements AutoCloseable {
    static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    static final Operations NO_OPERATIONS = new NoOperations();

    private final ProxyServer server;
    final CollectorRegistry metrics;

    private TestProxy(ProxyServer server, CollectorRegistry metrics) {
        this.server = server;
        this.metrics = metrics;
    }

    static Builder with() {
        return new Builder();
    }

    /** A proxy whose one route forwards everything to this upstream. */
    static TestProxy forwardingTo(RawUpstream upstream) {
        return with().upstream(upstream.config()).start();
    }

    static RouteMatch path(String path) {
        return RouteMatch.ofPath(path);
    }

    RawClient connect() {
        return RawClient.connect(server.address("web"));
    }

    ProxyServer server() {
        return server;
    }

    double metric(String name, String... labels) {
        String[] names = new String[labels.length / 2];
        String[] values = new String[labels.length / 2];
        for (int i = 0; i < names.length; i++) {
            names[i] = labels[2 * i];
            values[i] = labels[2 * i + 1];
        }
        Double value = metrics.getSampleValue(name, names, values);
        return value == null ? 0 : value;
    }

    @Override
    public void close() {
        server.close();
    }

    /** Serves another config from now on. Its listener keeps its port when its address is the same. */
    void reload(Builder config) throws UnusableConfigException {
        reload(config, () -> {});
    }

    void reload(Builder config, Runnable unused) throws UnusableConfigException {
        server.reload(config.config(), config.functions, unused);
    }

    /** Operators have nothing to ask for. */
    private static final class NoOperations implements Operations {
        @Override
        public String status(Map<String, List<TargetStatus>> targets) {
            return "{\"functions\":[]}";
        }

        @Override
        public Reloaded reload() {
            return new Reloaded(422, "{\"problems\":[]}");
        }
    }

    /** Collects a config. */
    static final class Builder {
        private final List<UpstreamConfig> upstreams = new ArrayList<>();
        private final List<SplitConfig> splits = new ArrayList<>();
        private final List<RouteConfig> routes = new ArrayList<>();
        private final List<MiddlewareConfig> middleware = new ArrayList<>();
        private final Map<String, Middleware> given = new HashMap<>();
        private final Map<String, FunctionInvoker> functions = new HashMap<>();
        private ListenerLimits limits = ListenerLimits.defaults();
        private Set<Protocol> protocols = ListenerConfig.ALL_PROTOCOLS;
        private Http2Limits http2 = Http2Limits.defaults();
        private boolean tolerant;
        private ProxyTrust trust = ProxyTrust.NOBODY;
        private InetSocketAddress address = ANY_PORT;
        private DnsConfig dns = DnsConfig.defaults();
        private Duration grace = Duration.ofSeconds(2);
        private int loops = 2;
        private final List<ListenerConfig> furtherListeners = new ArrayList<>();
        private String name = "web";
        private @Nullable TlsConfig tls;
        private @Nullable AdminConfig admin;
        private @Nullable TenancyConfig tenancy;
        private OutputStream accessLog = OutputStream.nullOutputStream();
        private Operations operations = NO_OPERATIONS;

        Builder upstream(UpstreamConfig upstream) {
            upstreams.add(upstream);
            return this;
        }

        Builder split(SplitConfig split) {
            splits.add(split);
            return this;
        }

        Builder function(String path, FunctionInvoker function) {
            String name = "function-" + functions.size();
            functions.put(name, function);
            return route(name, path(path), new RouteAction.Call(name));
        }

        Builder respond(String path, String body) {
            return route("respond" + path, path(path), new RouteAction.Respond(200, Map.of(), body));
        }

        Builder route(String name, RouteMatch match, RouteAction action) {
            routes.add(new RouteConfig(name, match, action));
            return this;
        }

        Builder mirrored(String path, RouteAction action, MirrorConfig mirror) {
            routes.add(new RouteConfig(path, path(path), List.of(), action, Optional.of(mirror)));
            return this;
        }

        Builder route(String path, List<String> middleware, RouteAction action) {
            routes.add(new RouteConfig(path, path(path), middleware, action));
            return this;
        }

        Builder tenancy(TenancyConfig tenancy) {
            this.tenancy = tenancy;
            return this;
        }

        Builder middleware(String name, Middleware made) {
            given.put(name, made);
            return this;
        }

        Builder middleware(String name, MiddlewareKind kind) {
            middleware.add(new MiddlewareConfig(name, kind));
            return this;
        }

        /** A middleware that calls this function. */
        Builder middleware(String name, FunctionInvoker function, boolean buffersBody, MiddlewareKind.Phase... phases) {
            return middleware(name, function, new MiddlewareKind.Call(name, Set.of(phases), buffersBody, Set.of()));
        }

        Builder middleware(String name, FunctionInvoker function, MiddlewareKind.Call kind) {
            functions.put(kind.function(), function);
            middleware.add(new MiddlewareConfig(name, kind));
            return this;
        }

        Builder middleware(MiddlewareConfig config) {
            middleware.add(config);
            return this;
        }

        Builder limits(ListenerLimits limits) {
            this.limits = limits;
            return this;
        }

        Builder protocols(Protocol... protocols) {
            this.protocols = Set.of(protocols);
            return this;
        }

        Builder http2(Http2Limits http2) {
            this.http2 = http2;
            return this;
        }

        /** Names the listener otherwise than {@code web}. */
        Builder name(String name) {
            this.name = name;
            return this;
        }

        /** Adds a listener like the first one. */
        Builder listener(String name) {
            return listener(name, ANY_PORT);
        }

        Builder listener(String name, InetSocketAddress at) {
            furtherListeners.add(configured(name, at, tls));
            return this;
        }

        Builder listener(String name, TlsConfig tls) {
            furtherListeners.add(configured(name, ANY_PORT, tls));
            return this;
        }

        private ListenerConfig configured(String name, InetSocketAddress at, @Nullable TlsConfig tls) {
            return new ListenerConfig(name, at, protocols, Optional.ofNullable(tls), limits, http2, tolerant, trust);
        }

        Builder address(InetSocketAddress address) {
            this.address = address;
            return this;
        }

        Builder tolerant(boolean tolerant) {
            this.tolerant = tolerant;
            return this;
        }

        Builder trust(ProxyTrust trust) {
            this.trust = trust;
            return this;
        }

        Builder address(String address) {
            this.address = new InetSocketAddress(InetAddress.ofLiteral(address), 0);
            return this;
        }

        Builder grace(Duration grace) {
            this.grace = grace;
            return this;
        }

        Builder dns(DnsConfig dns) {
            this.dns = dns;
            return this;
        }

        Builder loops(int loops) {
            this.loops = loops;
            return this;
        }

        Builder tls(TlsConfig tls) {
            this.tls = tls;
            return this;
        }

        Builder accessLog(OutputStream accessLog) {
            this.accessLog = accessLog;
            return this;
        }

        Builder operations(Operations operations) {
            this.operations = operations;
            return this;
        }

        Builder admin() {
            this.admin = new AdminConfig(ANY_PORT, "/metrics");
            return this;
        }

        ProxyConfig config() {
            if (!upstreams.isEmpty()) {
                routes.add(new RouteConfig("forward", RouteMatch.ANY, new RouteAction.Forward("app")));
            }
            List<ListenerConfig> listeners = new ArrayList<>(List.of(configured(name, address, tls)));
            listeners.addAll(furtherListeners);
            return new ProxyConfig(
                    loops,
                    grace,
                    listeners,
                    upstreams,
                    splits,
                    middleware,
                    routes,
                    Optional.ofNullable(admin),
                    dns,
                    Optional.empty(),
                    Optional.ofNullable(tenancy));
        }

        TestProxy start() {
            CollectorRegistry metrics = new CollectorRegistry();
            try {
                return new TestProxy(
                        ProxyServer.start(config(), functions, given, metrics, operations, Optional.of(accessLog)),
                        metrics);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
