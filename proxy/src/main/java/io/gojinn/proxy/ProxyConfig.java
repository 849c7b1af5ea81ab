package io.gojinn.proxy;

import io.gojinn.proxy.admin.AdminConfig;
import io.gojinn.proxy.http.DebugSecret;
import io.gojinn.proxy.listen.ListenerConfig;
import io.gojinn.proxy.middleware.MiddlewareConfig;
import io.gojinn.proxy.route.RouteConfig;
import io.gojinn.proxy.tenant.TenancyConfig;
import io.gojinn.proxy.upstream.DnsConfig;
import io.gojinn.proxy.upstream.SplitConfig;
import io.gojinn.proxy.upstream.UpstreamConfig;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Everything the data plane is configured with. Names are unique in each list, and every name an action or a match refers
 * to exists: the loader has checked it.
 *
 * @param eventLoops threads that carry connections; 0 means one a core
 * @param debugSecret shows a client that knows it what functions log; empty for nobody
 * @param tenancy how tenants are told apart; empty when nobody is
 * @param shutdownGrace how long open exchanges may take to end after a stop was asked for
 * @param splits of upstreams, with names that no upstream has: routes forward to either
 */
public record ProxyConfig(
        int eventLoops,
        Duration shutdownGrace,
        List<ListenerConfig> listeners,
        List<UpstreamConfig> upstreams,
        List<SplitConfig> splits,
        List<MiddlewareConfig> middleware,
        List<RouteConfig> routes,
        Optional<AdminConfig> admin,
        DnsConfig dns,
        Optional<DebugSecret> debugSecret,
        Optional<TenancyConfig> tenancy) {
    /** A data plane without middleware that resolves names as by default. */
    public ProxyConfig(
            int eventLoops,
            Duration shutdownGrace,
            List<ListenerConfig> listeners,
            List<UpstreamConfig> upstreams,
            List<RouteConfig> routes,
            Optional<AdminConfig> admin) {
        this(
                eventLoops,
                shutdownGrace,
                listeners,
                upstreams,
                List.of(),
                List.of(),
                routes,
                admin,
                DnsConfig.defaults(),
                Optional.empty(),
                Optional.empty());
    }

    public ProxyConfig {
        listeners = List.copyOf(listeners);
        upstreams = List.copyOf(upstreams);
        splits = List.copyOf(splits);
        middleware = List.copyOf(middleware);
        routes = List.copyOf(routes);
    }
}
