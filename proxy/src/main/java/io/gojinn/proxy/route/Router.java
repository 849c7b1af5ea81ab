package io.gojinn.proxy.route;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
 *   <li>by further conditions: more header fields first, then routes that name methods before those that do not, then
 *       routes that name listeners;
 *   <li>by their order in the config.
 * </ol>
 *
 * <p>A prefix ends at a segment: {@code /v1/*} takes {@code /v1}, {@code /v1/} and {@code /v1/x}, not {@code /v10}. Paths
 * are compared as they were sent, without decoding: {@link RequestPath} has refused those that another party could read
 * differently. A lookup costs hash lookups by the number of host labels and path segments, not of routes; only captures
 * cost what matches them.
 */
public final class Router<T> {
    private final Map<String, PathTable<T>> exactHosts = new HashMap<>();
    private final Map<String, PathTable<T>> wildcardHosts = new HashMap<>();
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
            Candidate<T> candidate = new Candidate<>(
                    entry.match(),
                    entry.route(),
                    entry.match().path().map(PathTable::captures).orElse(List.of()),
                    order++);
            table(entry.match()).add(entry.match().path().orElse(null), candidate);
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
        return host.startsWith("*.")
                ? wildcardHosts.computeIfAbsent(host.substring(1), suffix -> new PathTable<>())
                : exactHosts.computeIfAbsent(host, name -> new PathTable<>());
    }

    /**
     * Finds the route.
     *
     * @param host in lower case and without port; empty when the request names none
     * @param path as it was sent, accepted by {@link RequestPath}
     */
    public Matched<T> match(String listener, String host, String path, String method, HttpHeaders headers) {
        Lookup<T> lookup = new Lookup<>(listener, path, method, headers);
        if (find(lookup, host)) {
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
                PathTable<T> wildcard = wildcardHosts.get(host.substring(dot));
                if (wildcard != null && wildcard.find(lookup)) {
                    return true;
                }
            }
        }
        return anyHost.find(lookup);
    }

    /** One search: what is looked for and what was found. Confined to its caller. */
    static final class Lookup<T> {
        final String path;
        private final String listener;
        private final String method;
        private final HttpHeaders headers;
        private String @Nullable [] segments;
        private @Nullable T route;
        private Map<String, String> params = Map.of();
        private @Nullable Set<String> allowed;

        Lookup(String listener, String path, String method, HttpHeaders headers) {
            this.listener = listener;
            this.path = path;
            this.method = method;
            this.headers = headers;
        }

        /** The path between its slashes; split on first use. */
        String[] segments() {
            if (segments == null) {
                segments = RequestPath.segments(path);
            }
            return segments;
        }

        /** Whether one of the candidates takes the request; keeps it, and the methods of those that only lack theirs. */
        boolean take(List<Candidate<T>> candidates) {
            for (Candidate<T> candidate : candidates) {
                if (!candidate.takesListener(listener) || !candidate.takesHeaders(headers)) {
                    continue;
                }
                if (candidate.takesMethod(method)) {
                    route = candidate.route();
                    params = decode(candidate.captures());
                    return true;
                }
                if (allowed == null) {
                    allowed = new LinkedHashSet<>();
                }
                allowed.addAll(candidate.match().methods());
            }
            return false;
        }

        private Map<String, String> decode(List<Capture> captures) {
            if (captures.isEmpty()) {
                return Map.of();
            }
            Map<String, String> decoded = new HashMap<>();
            for (Capture capture : captures) {
                decoded.put(capture.name(), RequestPath.decode(segments()[capture.segment()]));
            }
            return Map.copyOf(decoded);
        }

        private Matched<T> found() {
            if (route == null) {
                throw new IllegalStateException("nothing was found");
            }
            return new Matched.Found<>(route, params);
        }
    }

    /** A named segment of a pattern, by its index. */
    record Capture(String name, int segment) {}

    /** A route in a table. */
    record Candidate<T>(RouteMatch match, T route, List<Capture> captures, int order)
            implements Comparable<Candidate<T>> {
        boolean takesListener(String listener) {
            return match.listeners().isEmpty() || match.listeners().contains(listener);
        }

        boolean takesMethod(String method) {
            return match.methods().isEmpty() || match.methods().contains(method);
        }

        boolean takesHeaders(HttpHeaders headers) {
            for (Map.Entry<String, String> wanted : match.headers().entrySet()) {
                if (!headers.contains(wanted.getKey(), wanted.getValue(), false)) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public int compareTo(Candidate<T> other) {
            int byHeaders = Integer.compare(
                    other.match.headers().size(), match.headers().size());
            if (byHeaders != 0) {
                return byHeaders;
            }
            int byMethods = Boolean.compare(
                    match.methods().isEmpty(), other.match.methods().isEmpty());
            if (byMethods != 0) {
                return byMethods;
            }
            int byListeners = Boolean.compare(
                    match.listeners().isEmpty(), other.match.listeners().isEmpty());
            return byListeners != 0 ? byListeners : Integer.compare(order, other.order);
        }
    }
}
