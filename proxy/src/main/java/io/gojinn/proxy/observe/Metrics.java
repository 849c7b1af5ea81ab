package io.gojinn.proxy.observe;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Denial;
import io.gojinn.runtime.Registry;
import io.netty.util.internal.PlatformDependent;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * The metric families of the data plane. Every label value comes from the config or from an enum, so that a client cannot
 * add one. Thread-safe.
 */
public final class Metrics {
    /** The route label of requests that no route took. */
    public static final String NO_ROUTE = "none";

    private final Counter requests;
    private final Histogram duration;
    private final Gauge active;
    private final Gauge openTunnels;
    private final Gauge openConnections;
    private final Counter idleClosedConnections;
    private final Counter rejectedConnections;
    private final Counter toleratedRequests;
    private final Counter http2Faults;
    private final UpstreamFamilies upstreams;
    private final Counter limitedRequests;
    private final Counter forgottenKeys;
    private final CompressionMetrics compression;
    private final Gauge openFiles;
    private final Counter splitRequests;
    private final Counter mirrorRequests;
    private final Counter shedRequests;
    private final Gauge sheddingLimit;
    private final Gauge sheddingActive;
    private final Counter keyFetches;
    private final Counter accessLogDropped;
    private final TlsMetrics.Families tls;
    private final Map<ClientFault, Counter.Child> clientErrors = new EnumMap<>(ClientFault.class);
    private final Map<Denial, Counter.Child> denials = new EnumMap<>(Denial.class);
    // What is shown of a name lasts as long as anything of that name.
    private final Registry<String, RouteMetrics> routes = new Registry<>(RouteMetrics::forget);
    private final Registry<String, UpstreamMetrics> upstreamsByName = new Registry<>(UpstreamMetrics::forget);
    private final Registry<SplitMetrics.Name, SplitMetrics> splits = new Registry<>(SplitMetrics::forget);
    private final Registry<String, MirrorMetrics> mirrors = new Registry<>(MirrorMetrics::forget);
    private final Registry<String, SheddingMetrics> shedding = new Registry<>(SheddingMetrics::forget);
    private final Registry<String, ListenerMetrics> listeners = new Registry<>(ListenerMetrics::forget);
    private final Registry<String, LimitMetrics> limits = new Registry<>(LimitMetrics::forget);

    /** Registers the families. */
    public Metrics(CollectorRegistry registry) {
        requests = Counter.build("gojinn_requests_total", "Requests by route and class of status.")
                .labelNames("route", "status")
                .register(registry);
        duration = Histogram.build("gojinn_request_duration_seconds", "From the header section to the last byte.")
                .labelNames("route")
                .buckets(.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30)
                .register(registry);
        active = Gauge.build("gojinn_active_requests", "Requests that have not ended.")
                .labelNames("route")
                .register(registry);
        openTunnels = Gauge.build("gojinn_open_tunnels", "Upgraded requests that have not ended.")
                .labelNames("route")
                .register(registry);
        openConnections = Gauge.build("gojinn_open_connections", "Open client connections.")
                .labelNames("listener")
                .register(registry);
        idleClosedConnections = Counter.build(
                        "gojinn_idle_closed_connections_total",
                        "Client connections closed for silence between requests.")
                .labelNames("listener")
                .register(registry);
        toleratedRequests = Counter.build(
                        "gojinn_tolerated_requests_total", "Malformed requests that tolerant listeners took.")
                .labelNames("listener")
                .register(registry);
        rejectedConnections = Counter.build("gojinn_rejected_connections_total", "Client connections closed at once.")
                .labelNames("listener", "reason")
                .register(registry);
        http2Faults = Counter.build(
                        "gojinn_http2_faults_total", "Rules and limits of HTTP/2 connections that clients broke.")
                .labelNames("listener", "reason")
                .register(registry);
        tls = TlsMetrics.Families.register(registry);
        upstreams = new UpstreamFamilies(registry);
        limitedRequests = Counter.build(
                        "gojinn_limited_requests_total", "Requests refused by a limit of rate or concurrency.")
                .labelNames("middleware")
                .register(registry);
        forgottenKeys = Counter.build(
                        "gojinn_limit_forgotten_keys_total",
                        "Keys of a limit forgotten before their quota was whole again.")
                .labelNames("middleware")
                .register(registry);
        openFiles = Gauge.build("gojinn_open_files", "Requests that have a file open.")
                .register(registry);
        compression = new CompressionMetrics(registry);
        splitRequests = Counter.build(
                        "gojinn_split_requests_total",
                        "Requests of splits by the upstream that got them, and why it did.")
                .labelNames("split", "upstream", "by")
                .register(registry);
        mirrorRequests = Counter.build(
                        "gojinn_mirror_requests_total", "Requests that were to be copied, by what became of the copy.")
                .labelNames("route", "outcome")
                .register(registry);
        shedRequests = Counter.build(
                        "gojinn_shed_requests_total",
                        "Requests refused because more came than could be answered in time.")
                .labelNames("middleware")
                .register(registry);
        sheddingLimit = Gauge.build(
                        "gojinn_shedding_limit", "Requests that are let through at once, as learned by now.")
                .labelNames("middleware")
                .register(registry);
        sheddingActive = Gauge.build("gojinn_shedding_active_requests", "Requests let through and not answered yet.")
                .labelNames("middleware")
                .register(registry);
        accessLogDropped = Counter.build(
                        "gojinn_access_log_dropped_total", "Lines of the access log that nobody read fast enough.")
                .register(registry);
        Gauge.build("gojinn_direct_memory_bytes", "Memory outside the heap that connections use.")
                .create()
                .setChild(new Gauge.Child() {
                    @Override
                    public double get() {
                        return PlatformDependent.usedDirectMemory();
                    }
                })
                .register(registry);
        Counter errors = Counter.build(
                        "gojinn_client_errors_total", "Requests refused or given up for the client's part.")
                .labelNames("reason")
                .register(registry);
        for (ClientFault fault : ClientFault.values()) {
            clientErrors.put(fault, errors.labels(fault.label()));
        }
        keyFetches = Counter.build("gojinn_key_fetches_total", "Fetches of the keys that tokens are checked with.")
                .labelNames("middleware", "outcome")
                .register(registry);
        Counter denied = Counter.build("gojinn_denied_requests_total", "Requests that a policy did not let pass.")
                .labelNames("reason")
                .register(registry);
        for (Denial denial : Denial.values()) {
            denials.put(denial, denied.labels(denial.label()));
        }
    }

    /** The children of a route, until the last lease of them is closed. */
    public Registry.Lease<RouteMetrics> route(String route) {
        return routes.lease(route, () -> new RouteMetrics(route, requests, duration, active, openTunnels));
    }

    /** The children of an upstream, until the last lease of them is closed. */
    public Registry.Lease<UpstreamMetrics> upstream(String upstream) {
        return upstreamsByName.lease(upstream, () -> new UpstreamMetrics(upstream, upstreams));
    }

    /** The children of a share of a split, until the last lease of them is closed. */
    public Registry.Lease<SplitMetrics> split(String split, String upstream) {
        SplitMetrics.Name name = new SplitMetrics.Name(split, upstream);
        return splits.lease(name, () -> new SplitMetrics(name, splitRequests));
    }

    /** The children of a route's mirror, until the last lease of them is closed. */
    public Registry.Lease<MirrorMetrics> mirror(String route) {
        return mirrors.lease(route, () -> new MirrorMetrics(route, mirrorRequests));
    }

    /** The children of a middleware that sheds load, until the last lease of them is closed. */
    public Registry.Lease<SheddingMetrics> shedding(String middleware) {
        return shedding.lease(
                middleware, () -> new SheddingMetrics(middleware, shedRequests, sheddingLimit, sheddingActive));
    }

    /** The children of a listener, until the last lease of them is closed. */
    public Registry.Lease<ListenerMetrics> listener(String listener) {
        return listeners.lease(
                listener,
                () -> new ListenerMetrics(
                        listener,
                        openConnections,
                        idleClosedConnections,
                        rejectedConnections,
                        toleratedRequests,
                        http2Faults,
                        tls));
    }

    /** What compression has done. */
    public CompressionMetrics compression() {
        return compression;
    }

    /** The children of a limit, until the last lease of them is closed. */
    public Registry.Lease<LimitMetrics> limit(String middleware) {
        return limits.lease(middleware, () -> new LimitMetrics(middleware, limitedRequests, forgottenKeys));
    }

    /** Shows how many exchanges have a file open. */
    public void openFiles(IntSupplier count) {
        openFiles.setChild(new Gauge.Child() {
            @Override
            public double get() {
                return count.getAsInt();
            }
        });
    }

    /** The children of a middleware that fetches keys. */
    public KeyFetchMetrics keyFetches(String middleware) {
        return new KeyFetchMetrics(middleware, keyFetches);
    }

    /** Counts lines of the access log that were not written. */
    void accessLogDropped(int lines) {
        accessLogDropped.inc(lines);
    }

    /** Counts a fault of a client. */
    public void clientError(ClientFault fault) {
        Counter.Child child = clientErrors.get(fault);
        if (child != null) {
            child.inc();
        }
    }

    /** Counts a request that a policy did not let pass. */
    public void denied(Denial denial) {
        Counter.Child child = denials.get(denial);
        if (child != null) {
            child.inc();
        }
    }
}
