package io.gojinn.cli.config;

import io.gojinn.proxy.ProxyConfig;
import io.gojinn.proxy.address.ProxyTrust;
import io.gojinn.proxy.admin.AdminConfig;
import io.gojinn.proxy.http.DebugSecret;
import io.gojinn.proxy.http.Http2Limits;
import io.gojinn.proxy.listen.ListenerConfig;
import io.gojinn.proxy.listen.ListenerLimits;
import io.gojinn.proxy.listen.TlsConfig;
import io.gojinn.proxy.listen.TlsConfig.Certificate;
import io.gojinn.proxy.middleware.MiddlewareConfig;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.route.MirrorConfig;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteConfig;
import io.gojinn.proxy.route.RouteMatch;
import io.gojinn.proxy.sticky.StickyPolicy;
import io.gojinn.proxy.tenant.TenancyConfig;
import io.gojinn.proxy.tenant.TenantSource;
import io.gojinn.proxy.upstream.DnsConfig;
import io.gojinn.proxy.upstream.EjectionPolicy;
import io.gojinn.proxy.upstream.HealthPolicy;
import io.gojinn.proxy.upstream.RetryPolicy;
import io.gojinn.proxy.upstream.SplitConfig;
import io.gojinn.proxy.upstream.TunnelConfig;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.UpstreamLimits;
import io.gojinn.proxy.upstream.UpstreamPolicy;
import io.gojinn.proxy.upstream.WireConfig;
import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionLimits;
import io.gojinn.runtime.InstancePolicy;
import io.gojinn.runtime.TenantLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Builds the records from tables without problems. */
final class ConfigAssembler {
    private final Section file;
    private final Section functionDefaults;

    ConfigAssembler(Section file) {
        this.file = file;
        functionDefaults = file.table(ConfigSchema.DEFAULTS).table(ConfigSchema.FUNCTION_DEFAULTS);
    }

    GojinnConfig assemble() {
        Section server = file.table(ConfigSchema.SERVER);
        Section dns = file.table(ConfigSchema.DNS_KEY);
        ProxyConfig proxy = new ProxyConfig(
                server.get(ConfigSchema.EVENT_LOOPS),
                server.get(ConfigSchema.SHUTDOWN_GRACE),
                file.tables(ConfigSchema.LISTENERS).stream()
                        .map(ConfigAssembler::listener)
                        .toList(),
                file.tables(ConfigSchema.UPSTREAMS).stream()
                        .map(ConfigAssembler::upstream)
                        .toList(),
                file.tables(ConfigSchema.SPLITS).stream()
                        .map(ConfigAssembler::split)
                        .toList(),
                middleware(),
                file.tables(ConfigSchema.ROUTES).stream()
                        .map(ConfigAssembler::route)
                        .toList(),
                file.find(ConfigSchema.ADMIN).map(this::admin),
                new DnsConfig(
                        dns.get(ConfigSchema.DNS_SERVERS),
                        dns.get(ConfigSchema.DNS_MIN_TTL),
                        dns.get(ConfigSchema.DNS_MAX_TTL)),
                file.table(ConfigSchema.DEBUG).find(ConfigSchema.DEBUG_SECRET).map(DebugSecret::new),
                file.find(ConfigSchema.TENANCY).flatMap(this::tenancy));
        List<FunctionDefinition> functions =
                file.tables(ConfigSchema.FUNCTIONS).stream().map(this::function).toList();
        Section reload = file.table(ConfigSchema.RELOAD_KEY);
        return new GojinnConfig(
                proxy,
                functions,
                server.get(ConfigSchema.FUNCTION_THREADS),
                new WatchConfig(reload.get(ConfigSchema.WATCH), reload.get(ConfigSchema.WATCH_INTERVAL)));
    }

    private static ListenerConfig listener(Section listener) {
        Section limits = listener.table(ConfigSchema.LISTENER_LIMITS);
        Section http2 = listener.table(ConfigSchema.LISTENER_HTTP2);
        return new ListenerConfig(
                listener.get(ConfigSchema.LISTENER_NAME).value(),
                listener.get(ConfigSchema.LISTENER_ADDRESS).value(),
                Set.copyOf(listener.get(ConfigSchema.PROTOCOLS)),
                listener.find(ConfigSchema.TLS).map(ConfigAssembler::tls),
                new ListenerLimits(
                        limits.get(ConfigSchema.CONNECTIONS),
                        limits.get(ConfigSchema.ADDRESS_CONNECTIONS),
                        Math.toIntExact(limits.get(ConfigSchema.HEADER_BYTES)),
                        limits.get(ConfigSchema.HEADER_COUNT),
                        limits.get(ConfigSchema.HEADER_TIMEOUT),
                        limits.get(ConfigSchema.IDLE_TIMEOUT),
                        Math.toIntExact(limits.get(ConfigSchema.BODY_RATE))),
                new Http2Limits(
                        http2.get(ConfigSchema.HTTP2_STREAMS),
                        Math.toIntExact(http2.get(ConfigSchema.HTTP2_CONNECTION_WINDOW)),
                        http2.get(ConfigSchema.HTTP2_RESETS),
                        http2.get(ConfigSchema.HTTP2_CONTROL_FRAMES),
                        Math.toIntExact(http2.get(ConfigSchema.HTTP2_COLLECTED_BYTES))),
                listener.get(ConfigSchema.TOLERANT),
                new ProxyTrust(
                        listener.get(ConfigSchema.TRUSTED_PROXIES),
                        listener.get(ConfigSchema.CLIENT_FIELD),
                        listener.get(ConfigSchema.PROXY_PROTOCOL)));
    }

    private static TlsConfig tls(Section tls) {
        return new TlsConfig(
                tls.tables(ConfigSchema.CERTIFICATES).stream()
                        .map(pair -> new Certificate(
                                pair.get(ConfigSchema.CERTIFICATE).value(),
                                pair.get(ConfigSchema.CERTIFICATE_KEY).value(),
                                pair.find(ConfigSchema.KEY_PASSWORD)))
                        .toList(),
                tls.get(ConfigSchema.MIN_VERSION),
                tls.get(ConfigSchema.UNKNOWN_NAMES),
                tls.get(ConfigSchema.CLIENT_CERTIFICATES),
                tls.get(ConfigSchema.CLIENT_AUTHORITIES).stream()
                        .map(Sited::value)
                        .toList(),
                tls.get(ConfigSchema.HANDSHAKES));
    }

    private static UpstreamConfig upstream(Section upstream) {
        return new UpstreamConfig(
                upstream.get(ConfigSchema.UPSTREAM_NAME).value(),
                upstream.get(ConfigSchema.TARGETS),
                upstream.get(ConfigSchema.CONNECT_TIMEOUT),
                upstream.get(ConfigSchema.RESPONSE_TIMEOUT),
                upstream.get(ConfigSchema.IDLE_CONNECTIONS),
                new WireConfig(
                        upstream.get(ConfigSchema.UPSTREAM_PROTOCOL),
                        upstreamTls(upstream.table(ConfigSchema.UPSTREAM_TLS)),
                        upstreamHttp2(upstream.table(ConfigSchema.UPSTREAM_HTTP2))),
                policy(upstream),
                new TunnelConfig(
                        Set.copyOf(upstream.get(ConfigSchema.UPGRADES)),
                        upstream.get(ConfigSchema.TUNNEL_IDLE_TIMEOUT)),
                upstream.get(ConfigSchema.UPSTREAM_HOST));
    }

    private static WireConfig.Http2 upstreamHttp2(Section http2) {
        return new WireConfig.Http2(
                http2.get(ConfigSchema.UPSTREAM_STREAMS),
                Math.toIntExact(http2.get(ConfigSchema.UPSTREAM_STREAM_WINDOW)),
                http2.get(ConfigSchema.UPSTREAM_CONTROL_FRAMES),
                http2.find(ConfigSchema.UPSTREAM_PING_INTERVAL));
    }

    private static WireConfig.Tls upstreamTls(Section tls) {
        return new WireConfig.Tls(
                tls.get(ConfigSchema.UPSTREAM_CA).stream().map(Sited::value).toList(),
                tls.find(ConfigSchema.UPSTREAM_SERVER_NAME),
                tls.find(ConfigSchema.UPSTREAM_CERTIFICATE)
                        .map(certificate -> new WireConfig.Identity(
                                certificate.value(),
                                tls.get(ConfigSchema.UPSTREAM_KEY).value())),
                tls.get(ConfigSchema.UPSTREAM_INSECURE));
    }

    private static UpstreamPolicy policy(Section upstream) {
        Section limits = upstream.table(ConfigSchema.UPSTREAM_LIMITS);
        Section retry = upstream.table(ConfigSchema.RETRY_KEY);
        Section ejection = upstream.table(ConfigSchema.EJECTION_KEY);
        return new UpstreamPolicy(
                upstream.get(ConfigSchema.BALANCE),
                upstream.get(ConfigSchema.UPSTREAM_IDLE_TIMEOUT),
                upstream.find(ConfigSchema.REQUEST_TIMEOUT),
                upstream.get(ConfigSchema.SLOW_START),
                new UpstreamLimits(
                        limits.get(ConfigSchema.UPSTREAM_REQUESTS),
                        limits.get(ConfigSchema.TARGET_REQUESTS),
                        limits.get(ConfigSchema.UPSTREAM_QUEUE),
                        limits.get(ConfigSchema.QUEUE_TIMEOUT)),
                new RetryPolicy(
                        retry.get(ConfigSchema.ATTEMPTS),
                        retry.get(ConfigSchema.RETRY_BUDGET),
                        retry.get(ConfigSchema.RETRY_MINIMUM),
                        retry.get(ConfigSchema.BACKOFF),
                        Set.copyOf(retry.get(ConfigSchema.RETRY_STATUSES)),
                        Math.toIntExact(retry.get(ConfigSchema.RETRY_BODY))),
                new EjectionPolicy(
                        ejection.get(ConfigSchema.EJECTION_FAILURES),
                        ejection.get(ConfigSchema.EJECTION_SERVER_ERRORS),
                        ejection.get(ConfigSchema.EJECTION_BASE_TIME),
                        ejection.get(ConfigSchema.EJECTION_MAX_TIME),
                        ejection.get(ConfigSchema.EJECTION_MAX_SHARE)),
                upstream.find(ConfigSchema.HEALTH).map(ConfigAssembler::health),
                upstream.find(ConfigSchema.UPSTREAM_STICKY).map(ConfigAssembler::sticky));
    }

    private static StickyPolicy sticky(Section sticky) {
        return new StickyPolicy(
                sticky.get(ConfigSchema.STICKY_COOKIE),
                sticky.find(ConfigSchema.STICKY_MAX_AGE),
                sticky.find(ConfigSchema.STICKY_SECRET));
    }

    private static SplitConfig split(Section split) {
        return new SplitConfig(
                split.get(ConfigSchema.SPLIT_NAME).value(),
                split.tables(ConfigSchema.SHARES).stream()
                        .map(share -> new SplitConfig.Share(
                                share.get(ConfigSchema.SHARE_UPSTREAM).value(), share.get(ConfigSchema.SHARE_WEIGHT)))
                        .toList(),
                split.find(ConfigSchema.SPLIT_BY),
                split.find(ConfigSchema.SPLIT_STICKY).map(ConfigAssembler::sticky));
    }

    private static HealthPolicy health(Section health) {
        return new HealthPolicy(
                health.get(ConfigSchema.HEALTH_PATH),
                health.find(ConfigSchema.HEALTH_HOST),
                health.get(ConfigSchema.HEALTH_INTERVAL),
                health.get(ConfigSchema.HEALTH_TIMEOUT),
                health.get(ConfigSchema.HEALTHY),
                health.get(ConfigSchema.UNHEALTHY),
                health.get(ConfigSchema.HEALTH_STATUSES));
    }

    private FunctionDefinition function(Section function) {
        FunctionLimits limits = new FunctionLimits(
                limit(function, ConfigSchema.TIMEOUT),
                limit(function, ConfigSchema.FUEL),
                limit(function, ConfigSchema.MEMORY),
                Math.toIntExact(limit(function, ConfigSchema.MAX_OUTPUT)),
                Math.toIntExact(limit(function, ConfigSchema.MAX_BODY)),
                limit(function, ConfigSchema.CONCURRENCY),
                limit(function, ConfigSchema.QUEUE));
        return new FunctionDefinition(
                function.get(ConfigSchema.FUNCTION_NAME).value(),
                function.get(ConfigSchema.MODULE).value(),
                limits,
                function.get(ConfigSchema.ENV),
                new InstancePolicy(limit(function, ConfigSchema.IDLE), function.get(ConfigSchema.WARM)));
    }

    private <T> T limit(Section function, Key<T> key) {
        return function.find(key).orElseGet(() -> functionDefaults.get(key));
    }

    private Optional<TenancyConfig> tenancy(Section tenancy) {
        TenantLimits limits = tenantLimits(tenancy, TenantLimits.defaults());
        return tenancy.get(ConfigSchema.TENANCY_FROM)
                .map(source -> new TenancyConfig(
                        source instanceof TenantSource.ApiKey
                                ? new TenantSource.ApiKey(tenancy.get(ConfigSchema.TENANCY_KEY_HEADER))
                                : source,
                        file.tables(ConfigSchema.TENANTS).stream()
                                .map(tenant -> new TenancyConfig.NamedTenant(
                                        tenant.get(ConfigSchema.TENANT_NAME).value(),
                                        tenant.get(ConfigSchema.TENANT_KEYS),
                                        tenantLimits(tenant, limits)))
                                .toList(),
                        limits,
                        tenancy.get(ConfigSchema.TENANCY_TRACKED)));
    }

    private static TenantLimits tenantLimits(Section section, TenantLimits fallback) {
        return new TenantLimits(
                section.find(ConfigSchema.TENANT_CONCURRENCY).orElse(fallback.concurrency()),
                section.find(ConfigSchema.TENANT_REQUESTS).orElse(fallback.requestsPerSecond()),
                section.find(ConfigSchema.TENANT_FUEL).orElse(fallback.fuelPerSecond()));
    }

    private List<MiddlewareConfig> middleware() {
        List<MiddlewareConfig> all = new ArrayList<>();
        for (Section middleware : file.tables(ConfigSchema.MIDDLEWARE)) {
            all.add(new MiddlewareConfig(
                    middleware.get(ConfigSchema.MIDDLEWARE_NAME).value(), kind(middleware)));
        }
        Set<String> functions = file.tables(ConfigSchema.FUNCTIONS).stream()
                .map(function -> function.get(ConfigSchema.FUNCTION_NAME).value())
                .collect(Collectors.toSet());
        file.tables(ConfigSchema.ROUTES).stream()
                .flatMap(route -> route.get(ConfigSchema.ROUTE_MIDDLEWARE).stream())
                .map(Sited::value)
                .distinct()
                .filter(functions::contains)
                .forEach(name -> all.add(new MiddlewareConfig(name, MiddlewareKind.Call.named(name))));
        return all;
    }

    private static MiddlewareKind kind(Section middleware) {
        for (MiddlewareSyntax syntax : MiddlewareSyntax.ALL) {
            Optional<Section> table = middleware.find(syntax.key());
            if (table.isPresent()) {
                return syntax.kind().apply(table.get());
            }
        }
        return call(middleware.get(ConfigSchema.MIDDLEWARE_FUNCTION).value(), middleware);
    }

    private static MiddlewareKind.Call call(String function, Section middleware) {
        return new MiddlewareKind.Call(
                function,
                Set.copyOf(middleware.get(ConfigSchema.MIDDLEWARE_PHASES)),
                middleware.get(ConfigSchema.MIDDLEWARE_BODY),
                Set.copyOf(middleware.get(ConfigSchema.MIDDLEWARE_OWNS)));
    }

    private static RouteConfig route(Section route) {
        return new RouteConfig(
                route.get(ConfigSchema.ROUTE_NAME).value(),
                route.find(ConfigSchema.MATCH).map(ConfigAssembler::match).orElse(RouteMatch.ANY),
                route.get(ConfigSchema.ROUTE_MIDDLEWARE).stream()
                        .map(Sited::value)
                        .toList(),
                action(route),
                route.find(ConfigSchema.ROUTE_MIRROR).map(ConfigAssembler::mirror));
    }

    private static MirrorConfig mirror(Section mirror) {
        return new MirrorConfig(
                mirror.get(ConfigSchema.MIRROR_UPSTREAM).value(),
                mirror.get(ConfigSchema.MIRROR_SHARE),
                Math.toIntExact(mirror.get(ConfigSchema.MIRROR_BODY)),
                mirror.get(ConfigSchema.MIRROR_REQUESTS),
                mirror.get(ConfigSchema.MIRROR_TIMEOUT));
    }

    static RouteMatch match(Section match) {
        return new RouteMatch(
                match.get(ConfigSchema.MATCH_LISTENER).stream()
                        .map(Sited::value)
                        .toList(),
                match.find(ConfigSchema.MATCH_HOST),
                match.find(ConfigSchema.MATCH_PATH),
                Set.copyOf(match.get(ConfigSchema.MATCH_METHODS)),
                match.get(ConfigSchema.MATCH_HEADERS),
                match.get(ConfigSchema.MATCH_QUERY));
    }

    private static RouteAction action(Section route) {
        Optional<RouteAction> action = route.find(ConfigSchema.ROUTE_FUNCTION)
                .<RouteAction>map(name -> new RouteAction.Call(name.value()))
                .or(() -> route.find(ConfigSchema.ROUTE_UPSTREAM).map(name -> new RouteAction.Forward(name.value())))
                .or(() -> route.find(ConfigSchema.STATIC).map(FilesSyntax::of))
                .or(() -> route.find(ConfigSchema.RESPOND).map(ConfigAssembler::respond));
        return action.orElseGet(() -> redirect(route.get(ConfigSchema.REDIRECT)));
    }

    private static RouteAction respond(Section respond) {
        return new RouteAction.Respond(
                respond.get(ConfigSchema.RESPOND_STATUS),
                respond.get(ConfigSchema.RESPOND_HEADERS),
                respond.get(ConfigSchema.RESPOND_BODY));
    }

    private static RouteAction redirect(Section redirect) {
        return new RouteAction.Redirect(
                redirect.get(ConfigSchema.REDIRECT_STATUS), redirect.get(ConfigSchema.LOCATION));
    }

    private AdminConfig admin(Section admin) {
        return new AdminConfig(
                admin.get(ConfigSchema.ADMIN_ADDRESS).value(),
                file.table(ConfigSchema.METRICS).get(ConfigSchema.METRICS_PATH));
    }
}
