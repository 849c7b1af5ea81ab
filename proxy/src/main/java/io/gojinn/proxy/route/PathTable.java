package io.gojinn.proxy.route;

import io.gojinn.proxy.route.Router.Candidate;
import io.gojinn.proxy.route.Router.Capture;
import io.gojinn.proxy.route.Router.Lookup;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The routes of one host by path: a hash map of exact paths, a trie of segments for the others. */
final class PathTable<T> {
    private static final String PREFIX_END = "/*";

    private final Map<String, List<Candidate<T>>> exact = new HashMap<>();
    private final Node<T> root = new Node<>();
    private final List<Candidate<T>> anyPath = new ArrayList<>();
    private boolean capturing;
    private boolean prefixed;

    /** Adds a route; {@code path} is null for one that takes every path. */
    void add(@Nullable String path, Candidate<T> candidate) {
        if (path == null) {
            anyPath.add(candidate);
            return;
        }
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("path is \"" + path + "\", expected one that starts with /");
        }
        boolean prefix = path.endsWith(PREFIX_END);
        if (!prefix && candidate.captures().isEmpty()) {
            exact.computeIfAbsent(path, p -> new ArrayList<>()).add(candidate);
            return;
        }
        String pattern = prefix ? path.substring(0, path.length() - PREFIX_END.length()) : path;
        Node<T> node = root;
        for (String segment : RequestPath.segments(pattern)) {
            node = isCapture(segment) ? node.capture() : node.literal(segment);
        }
        if (prefix) {
            prefixed = true;
            node.prefixes.add(candidate);
        } else {
            capturing = true;
            node.terminals.add(candidate);
        }
    }

    /** Puts the routes of each place in order; called once, after the last {@link #add}. */
    void sort() {
        exact.values().forEach(Collections::sort);
        Collections.sort(anyPath);
        root.sort();
    }

    /** Whether a route of this table takes the request. */
    boolean find(Lookup<T> lookup) {
        List<Candidate<T>> same = exact.get(lookup.path);
        if (same != null && lookup.take(same)) {
            return true;
        }
        if (capturing && takeTerminal(root, 0, lookup)) {
            return true;
        }
        if (prefixed && takePrefix(lookup)) {
            return true;
        }
        return lookup.take(anyPath);
    }

    // Each node of a trie has one path to it, so that this visits no node twice.
    private static <T> boolean takeTerminal(Node<T> node, int depth, Lookup<T> lookup) {
        String[] segments = lookup.segments();
        if (depth == segments.length) {
            return lookup.take(node.terminals);
        }
        Node<T> literal = node.literals.get(segments[depth]);
        if (literal != null && takeTerminal(literal, depth + 1, lookup)) {
            return true;
        }
        // A capture names a segment, and an empty one is none.
        return node.capture != null && !segments[depth].isEmpty() && takeTerminal(node.capture, depth + 1, lookup);
    }

    private boolean takePrefix(Lookup<T> lookup) {
        List<Prefix<T>> prefixes = new ArrayList<>(4);
        collectPrefixes(root, 0, lookup.segments(), prefixes);
        if (prefixes.size() > 1) {
            prefixes.sort(
                    Comparator.comparingInt((Prefix<T> prefix) -> prefix.depth).reversed());
        }
        for (Prefix<T> prefix : prefixes) {
            if (lookup.take(prefix.candidates)) {
                return true;
            }
        }
        return false;
    }

    private static <T> void collectPrefixes(Node<T> node, int depth, String[] segments, List<Prefix<T>> into) {
        if (!node.prefixes.isEmpty()) {
            into.add(new Prefix<>(depth, node.prefixes));
        }
        if (depth == segments.length) {
            return;
        }
        Node<T> literal = node.literals.get(segments[depth]);
        if (literal != null) {
            collectPrefixes(literal, depth + 1, segments, into);
        }
        if (node.capture != null && !segments[depth].isEmpty()) {
            collectPrefixes(node.capture, depth + 1, segments, into);
        }
    }

    /** The captures of a pattern, in order. */
    static List<Capture> captures(String pattern) {
        List<Capture> captures = new ArrayList<>();
        Set<String> names = new HashSet<>();
        String[] segments = RequestPath.segments(pattern);
        for (int i = 0; i < segments.length; i++) {
            String segment = segments[i];
            if (isCapture(segment)) {
                String name = segment.substring(1, segment.length() - 1);
                if (name.isEmpty() || !names.add(name)) {
                    throw new IllegalArgumentException(
                            "path is \"" + pattern + "\", expected captures with names that differ");
                }
                captures.add(new Capture(name, i));
            } else if (segment.indexOf('{') >= 0 || segment.indexOf('}') >= 0) {
                throw new IllegalArgumentException(
                        "path is \"" + pattern + "\", expected a capture to be a whole segment");
            }
        }
        return List.copyOf(captures);
    }

    private static boolean isCapture(String segment) {
        return segment.startsWith("{") && segment.endsWith("}");
    }

    private record Prefix<T>(int depth, List<Candidate<T>> candidates) {}

    private static final class Node<T> {
        final Map<String, Node<T>> literals = new HashMap<>();
        final List<Candidate<T>> terminals = new ArrayList<>();
        final List<Candidate<T>> prefixes = new ArrayList<>();

        @Nullable
        Node<T> capture;

        Node<T> literal(String segment) {
            return literals.computeIfAbsent(segment, s -> new Node<>());
        }

        Node<T> capture() {
            if (capture == null) {
                capture = new Node<>();
            }
            return capture;
        }

        void sort() {
            Collections.sort(terminals);
            Collections.sort(prefixes);
            literals.values().forEach(Node::sort);
            if (capture != null) {
                capture.sort();
            }
        }
    }
}
