package io.gojinn.proxy.observe;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;

/** The metric families of upstreams, each with the label {@code upstream}. */
final class UpstreamFamilies {
    final Counter requests;
    final Counter unsolicited;
    final Counter http2Faults;
    final Gauge connections;
    final Counter retriesDenied;
    final Counter ejections;
    final Counter sessions;
    final Gauge targets;
    final Gauge availableTargets;
    final Gauge activeRequests;
    final Gauge waitingRequests;

    UpstreamFamilies(CollectorRegistry registry) {
        requests = Counter.build("gojinn_upstream_requests_total", "Requests to upstreams by how they ended.")
                .labelNames("upstream", "outcome")
                .register(registry);
        unsolicited = Counter.build(
                        "gojinn_upstream_unsolicited_total",
                        "Connections closed because the upstream sent more than was asked for.")
                .labelNames("upstream")
                .register(registry);
        http2Faults = Counter.build(
                        "gojinn_upstream_http2_faults_total",
                        "Rules and limits of HTTP/2 connections that upstreams broke.")
                .labelNames("upstream", "reason")
                .register(registry);
        connections = gauge(registry, "gojinn_upstream_connections", "Open connections to upstreams.");
        retriesDenied = Counter.build(
                        "gojinn_upstream_retries_denied_total",
                        "Requests not sent again because the retry budget was used up.")
                .labelNames("upstream")
                .register(registry);
        ejections = Counter.build("gojinn_upstream_ejections_total", "Targets taken out for failing requests.")
                .labelNames("upstream")
                .register(registry);
        sessions = Counter.build(
                        "gojinn_upstream_sessions_total",
                        "Responses of upstreams that lead clients back by a cookie, by what became of that.")
                .labelNames("upstream", "outcome")
                .register(registry);
        targets = gauge(registry, "gojinn_upstream_targets", "Targets, healthy or not.");
        availableTargets =
                gauge(registry, "gojinn_upstream_available_targets", "Targets that are neither unhealthy nor ejected.");
        activeRequests = gauge(registry, "gojinn_upstream_active_requests", "Requests whose turn has come.");
        waitingRequests = gauge(registry, "gojinn_upstream_waiting_requests", "Requests that wait for their turn.");
    }

    private static Gauge gauge(CollectorRegistry registry, String name, String help) {
        return Gauge.build(name, help).labelNames("upstream").register(registry);
    }
}
