package io.gojinn.proxy.route;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The requests a route takes: those for which every given part matches. A part left out matches everything.
 *
 * @param listeners names of listeners; empty for all
 * @param host an exact name, or {@code *.example.com} for any name below it; compared without case and port
 * @param path exact; or a prefix when it ends in {@code /*}; with captures when it has <code>{name}</code> segments
 * @param methods case-sensitive (RFC 9110, 9.1); empty for all
 * @param headers fields that must be there with exactly this value; names are compared without case
 * @param query parameters that must be there with exactly this value, after decoding; names are compared with case
 */
public record RouteMatch(
        List<String> listeners,
        Optional<String> host,
        Optional<String> path,
        Set<String> methods,
        Map<String, String> headers,
        Map<String, String> query) {
    /** Takes every request. */
    public static final RouteMatch ANY =
            new RouteMatch(List.of(), Optional.empty(), Optional.empty(), Set.of(), Map.of(), Map.of());

    public RouteMatch {
        listeners = List.copyOf(listeners);
        methods = Set.copyOf(methods);
        headers = Map.copyOf(headers);
        query = Map.copyOf(query);
    }

    /** Takes every request for a path. */
    public static RouteMatch ofPath(String path) {
        return new RouteMatch(List.of(), Optional.empty(), Optional.of(path), Set.of(), Map.of(), Map.of());
    }
}
