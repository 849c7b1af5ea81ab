package io.gojinn.proxy.route;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the route of a request. Immutable and thread-safe.
 *
 * <p>Of the routes whose every condition holds, the one that comes first in this order wins:
 *
 * <ol>
 *   <li>by host: the exact name, then wildcards from the longest suffix to the shortest, then routes without a host;
 *   <li>by path: the exact path, then paths with captures (a literal segment before a capture, from left to right), then
 *       prefixes from the longest to the shortest, then routes without a path;
 *   <li>by further conditions: more header fields and query parameters first, then routes that name methods before those
 *       that do not, then routes that name listeners;
 *   <li>by their order in the config.
 * </ol>
 *
 * <p>A prefix ends at a segment: {@code /v1/*} takes {@code /v1}, {@code /v1/} and {@code /v1/x}, not {@code /v10}. Paths
 * are compared in their one form, see {@link RequestPath}. A lookup costs hash lookups by the number of host labels and path
 * segments, not of routes; only routes of one host and path are looked at one after the other. Unless the route has captures,
 * it makes no garbage but the search itself. {@link RoutePlan} tells the order to people.
 */
public final class Router<T> {
    private final SegmentMap<PathTable<T>> exactHosts = new SegmentMap<>();
    private final SegmentMap<PathTable<T>> wildcardHosts = new SegmentMap<>();
    private final PathTable<T> anyHost = new PathTable<>();

    /** A route before it is compiled. */
    public record Entry<T>(RouteMatch match, T route) {}

    /**
     * Compiles routes.
     *
     * @throws IllegalArgumentException when a path is not of the form that {@link RouteMatch} describes
     */
    public Router(List<Entry<T>> entries) {
        int order = 0;
        for (Entry<T> entry : entries) {
            table(entry.match()).add(Candidate.of(entry, order++));
        }
        exactHosts.values().forEach(PathTable::sort);
        wildcardHosts.values().forEach(PathTable::sort);
        anyHost.sort();
    }

    private PathTable<T> table(RouteMatch match) {
        if (match.host().isEmpty()) {
            return anyHost;
        }
        String host = match.host().get().toLowerCase(Locale.ROOT);
        boolean wildcard = host.startsWith("*.");
        SegmentMap<PathTable<T>> hosts = wildcard ? wildcardHosts : exactHosts;
        String key = wildcard ? host.substring(1) : host;
        PathTable<T> known = hosts.get(key);
        if (known == null) {
            known = new PathTable<>();
            hosts.put(key, known);
        }
        return known;
    }

    /** Finds the route. */
    public Matched<T> match(RouteRequest request) {
        Lookup<T> lookup = new Lookup<>(request);
        if (find(lookup, request.host())) {
            return lookup.found();
        }
        return lookup.allowed == null ? new Matched.None<>() : new Matched.WrongMethod<>(lookup.allowed);
    }

    private boolean find(Lookup<T> lookup, String host) {
        PathTable<T> exact = exactHosts.get(host);
        if (exact != null && exact.find(lookup)) {
            return true;
        }
        if (!wildcardHosts.isEmpty()) {
            for (int dot = host.indexOf('.', 1); dot > 0; dot = host.indexOf('.', dot + 1)) {
                PathTable<T> wildcard = wildcardHosts.get(host, dot, host.length());
                if (wildcard != null && wildcard.find(lookup)) {
                    return true;
                }
            }
        }
        return anyHost.find(lookup);
    }

    /** One search: what is looked for and what was found. Confined to its caller. */
    static final class Lookup<T> {
        private final RouteRequest request;
        private @Nullable Candidate<T> taken;
        private @Nullable Set<String> allowed;

        Lookup(RouteRequest request) {
            this.request = request;
        }

        String path() {
            return request.path();
        }

        /** Whether one of the candidates takes the request; keeps it, and the methods of those that only lack theirs. */
        boolean take(List<Candidate<T>> candidates) {
            // By index: an iterator would be the only garbage of most searches.
            for (int i = 0; i < candidates.size(); i++) {
                Candidate<T> candidate = candidates.get(i);
                if (!candidate.takesAllButMethod(request)) {
                    continue;
                }
                if (candidate.takesMethod(request.method())) {
                    taken = candidate;
                    return true;
                }
                if (allowed == null) {
                    allowed = new LinkedHashSet<>();
                }
                allowed.addAll(candidate.match().methods());
            }
            return false;
        }

        private Matched<T> found() {
            if (taken == null) {
                throw new IllegalStateException("nothing was found");
            }
            return taken.found(request.path());
        }
    }

    /**
     * A route in a table.
     *
     * @param plain what is found when the path has no captures
     */
    record Candidate<T>(
            RouteMatch match,
            @Nullable PathPattern path,
            List<Map.Entry<String, String>> fields,
            List<Map.Entry<String, String>> parameters,
            Matched.Found<T> plain,
            int order)
            implements Comparable<Candidate<T>> {
        static <T> Candidate<T> of(Entry<T> entry, int order) {
            Optional<String> path = entry.match().path();
            return new Candidate<>(
                    entry.match(),
                    path.map(PathPattern::of).orElse(null),
                    List.copyOf(entry.match().headers().entrySet()),
                    List.copyOf(entry.match().query().entrySet()),
                    new Matched.Found<>(entry.route(), Map.of()),
                    order);
        }

        boolean takesAllButMethod(RouteRequest request) {
            return takesListener(request.listener()) && takesHeaders(request.headers()) && takesQuery(request.query());
        }

        boolean takesListener(String listener) {
            return match.listeners().isEmpty() || match.listeners().contains(listener);
        }

        boolean takesMethod(String method) {
            return match.methods().isEmpty() || match.methods().contains(method);
        }

        boolean takesHeaders(HttpHeaders headers) {
            for (int i = 0; i < fields.size(); i++) {
                Map.Entry<String, String> wanted = fields.get(i);
                if (!headers.contains(wanted.getKey(), wanted.getValue(), false)) {
                    return false;
                }
            }
            return true;
        }

        boolean takesQuery(String query) {
            for (int i = 0; i < parameters.size(); i++) {
                Map.Entry<String, String> wanted = parameters.get(i);
                if (!QueryParameter.isIn(query, wanted.getKey(), wanted.getValue())) {
                    return false;
                }
            }
            return true;
        }

        private Matched.Found<T> found(String requestPath) {
            if (path == null || !path.captures()) {
                return plain;
            }
            Map<String, String> decoded = new HashMap<>();
            int from = 1;
            for (PathPattern.Segment segment : path.segments()) {
                int end = RequestPath.segmentEnd(requestPath, from);
                if (segment.capture()) {
                    decoded.put(segment.text(), RequestPath.decode(requestPath.substring(from, end)));
                }
                from = end + 1;
            }
            return new Matched.Found<>(plain.route(), Map.copyOf(decoded));
        }

        @Override
        public int compareTo(Candidate<T> other) {
            int byConditions = RouteOrder.byConditions(match, other.match);
            return byConditions != 0 ? byConditions : Integer.compare(order, other.order);
        }
    }
}
