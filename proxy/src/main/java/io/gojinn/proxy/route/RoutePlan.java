package io.gojinn.proxy.route;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Routes in the order in which they take requests, told to people: a plain list, asked from its begin to its end. Means the
 * same as {@link Router}, at a cost that grows with the number of routes. Immutable.
 */
public final class RoutePlan {
    private final List<RouteConfig> routes;

    /** Puts routes in their order. */
    public RoutePlan(List<RouteConfig> config) {
        routes = config.stream()
                .sorted((one, other) -> RouteOrder.compare(one.match(), other.match()))
                .toList();
    }

    /** The part of a match that a request does not meet. */
    public enum Part {
        LISTENER,
        HOST,
        PATH,
        METHOD,
        HEADERS,
        QUERY
    }

    /**
     * What a route says of a request.
     *
     * @param unmet empty when the route would take it
     */
    public record Verdict(RouteConfig route, Set<Part> unmet) {
        public Verdict {
            unmet = Set.copyOf(unmet);
        }
    }

    /** The routes, the first to be asked first. */
    public List<RouteConfig> inOrder() {
        return routes;
    }

    /** What every route says of a request, in order: the first with nothing unmet takes it. */
    public List<Verdict> verdicts(RouteRequest request) {
        return routes.stream()
                .map(route -> new Verdict(route, unmet(route.match(), request)))
                .toList();
    }

    /** Routes that no request ever reaches, each with the one that takes all of theirs before. */
    public static Map<RouteConfig, RouteConfig> shadowed(List<RouteConfig> config) {
        // Only routes of one rank of precedence can shadow each other: those of one host and path, whatever its names.
        Map<List<Object>, List<RouteConfig>> groups = new HashMap<>();
        Map<RouteConfig, RouteConfig> shadowed = new HashMap<>();
        for (RouteConfig route : new RoutePlan(config).routes) {
            List<RouteConfig> before = groups.computeIfAbsent(place(route.match()), place -> new ArrayList<>(1));
            before.stream()
                    .filter(earlier -> coversConditions(earlier.match(), route.match()))
                    .findFirst()
                    .ifPresent(earlier -> shadowed.put(route, earlier));
            before.add(route);
        }
        return shadowed;
    }

    private static List<Object> place(RouteMatch match) {
        // A route for every path comes after one for /*, which takes them all.
        return List.of(
                match.host().orElse("").toLowerCase(Locale.ROOT),
                match.path().orElse("/*").replaceAll("\\{[^/]*}", "{}"));
    }

    private static boolean coversConditions(RouteMatch one, RouteMatch other) {
        boolean listeners = one.listeners().isEmpty()
                || (!other.listeners().isEmpty() && one.listeners().containsAll(other.listeners()));
        boolean methods = one.methods().isEmpty()
                || (!other.methods().isEmpty() && one.methods().containsAll(other.methods()));
        return listeners
                && methods
                && fields(other).entrySet().containsAll(fields(one).entrySet())
                && other.query().entrySet().containsAll(one.query().entrySet());
    }

    private static Map<String, String> fields(RouteMatch match) {
        Map<String, String> fields = new HashMap<>();
        match.headers().forEach((name, value) -> fields.put(name.toLowerCase(Locale.ROOT), value));
        return fields;
    }

    private static Set<Part> unmet(RouteMatch match, RouteRequest request) {
        List<Part> unmet = new ArrayList<>();
        Router.Candidate<RouteMatch> candidate = Router.Candidate.of(new Router.Entry<>(match, match), 0);
        if (!candidate.takesListener(request.listener())) {
            unmet.add(Part.LISTENER);
        }
        if (!takesHost(match.host(), request.host())) {
            unmet.add(Part.HOST);
        }
        if (candidate.path() != null && !candidate.path().takes(request.path())) {
            unmet.add(Part.PATH);
        }
        if (!candidate.takesMethod(request.method())) {
            unmet.add(Part.METHOD);
        }
        if (!candidate.takesHeaders(request.headers())) {
            unmet.add(Part.HEADERS);
        }
        if (!candidate.takesQuery(request.query())) {
            unmet.add(Part.QUERY);
        }
        return Set.copyOf(unmet);
    }

    private static boolean takesHost(Optional<String> pattern, String host) {
        if (pattern.isEmpty()) {
            return true;
        }
        String lower = pattern.get().toLowerCase(Locale.ROOT);
        return lower.startsWith("*.")
                ? host.endsWith(lower.substring(1)) && host.length() >= lower.length()
                : host.equals(lower);
    }
}
