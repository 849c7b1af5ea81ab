package io.gojinn.proxy.http;

import io.gojinn.proxy.address.Origin;
import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.observe.Metrics;
import io.gojinn.proxy.observe.RouteMetrics;
import io.gojinn.proxy.route.Matched;
import io.gojinn.proxy.route.RouteRequest;
import io.gojinn.proxy.route.Router;
import io.gojinn.proxy.tenant.Tenants;
import io.netty.handler.codec.http.HttpRequest;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What exchanges are served with. Immutable; an exchange keeps the one it began with.
 *
 * @param unrouted metrics of requests that no route takes
 * @param pins the exchanges that are served with it
 * @param debugSecret what shows a client what functions log; null when nothing does
 * @param tenants for whom requests are; null when nobody is told apart
 */
public record Service(
        Router<Route> router,
        Metrics metrics,
        RouteMetrics unrouted,
        Pins pins,
        @Nullable DebugSecret debugSecret,
        @Nullable Tenants tenants) {
    /** The exchange of a request, to be started. */
    Exchange exchange(
            ConnectionContext connection,
            ClientStream stream,
            HttpRequest request,
            RequestHead.Checked checked,
            long startNanos) {
        Origin origin = connection.origin(request.headers());
        ClientCertificate.tell(connection.tls().certificate(), request.headers());
        boolean debugs = debugSecret != null && debugSecret.isToldBy(request.headers());
        Exchange exchange = exchange(connection, stream, request, origin, checked, startNanos);
        if (debugs) {
            exchange.showLogs();
        }
        if (tenants != null) {
            exchange.tenants(tenants);
        }
        return exchange;
    }

    private Exchange exchange(
            ConnectionContext connection,
            ClientStream stream,
            HttpRequest request,
            Origin origin,
            RequestHead.Checked checked,
            long startNanos) {
        return switch (checked) {
            case RequestHead.Refused refused ->
                unrouted(
                        connection,
                        stream,
                        request,
                        origin,
                        RequestHead.unreadable(request),
                        refused.failure(),
                        startNanos);
            case RequestHead.Accepted(RequestHead head)
            when !connection.tls().mayAskFor(head.host()) ->
                unrouted(
                        connection,
                        stream,
                        request,
                        origin,
                        head,
                        new Failure.Client(ClientFault.MISDIRECTED, "another certificate speaks for the host"),
                        startNanos);
            case RequestHead.Accepted(RequestHead head) ->
                switch (router.match(new RouteRequest(
                        connection.settings().listener(),
                        head.host(),
                        head.path(),
                        head.query(),
                        head.method(),
                        request.headers()))) {
                    // RFC 8441, 4: unlike an upgrade, what CONNECT asks for cannot be ignored.
                    case Matched.Found<Route>(Route route, Map<String, String> params)
                    when !head.upgrade().isEmpty()
                            && request.protocolVersion().majorVersion() == 2
                            && !route.action().takesUpgrade(head.upgrade()) ->
                        unrouted(
                                connection,
                                stream,
                                request,
                                origin,
                                head,
                                new Failure.Client(ClientFault.CONNECT, head.upgrade()),
                                startNanos);
                    case Matched.Found<Route>(Route route, Map<String, String> params) ->
                        new Exchange(
                                connection,
                                stream,
                                request,
                                origin,
                                head,
                                route,
                                params,
                                startNanos,
                                pins.of(connection.peers()));
                    case Matched.WrongMethod<Route> wrong ->
                        unrouted(
                                connection,
                                stream,
                                request,
                                origin,
                                head,
                                new Failure.MethodNotAllowed(wrong.allowed()),
                                startNanos);
                    case Matched.None<Route> none ->
                        unrouted(connection, stream, request, origin, head, new Failure.NoRoute(), startNanos);
                };
        };
    }

    private Exchange unrouted(
            ConnectionContext connection,
            ClientStream stream,
            HttpRequest request,
            Origin origin,
            RequestHead head,
            Failure failure,
            long startNanos) {
        Route none = new Route(Metrics.NO_ROUTE, FixedActions.fail(failure), unrouted, RouteMiddleware.NONE);
        return new Exchange(
                connection, stream, request, origin, head, none, Map.of(), startNanos, pins.of(connection.peers()));
    }
}
