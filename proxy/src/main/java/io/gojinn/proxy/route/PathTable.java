package io.gojinn.proxy.route;

import io.gojinn.proxy.route.Router.Candidate;
import io.gojinn.proxy.route.Router.Lookup;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The routes of one host by path: a hash map of exact paths, a trie of segments for the others.
 *
 * <p>A walk through the trie is at a node and at the index where the next segment of the path begins, which is beyond the
 * path when there is none. It is never deeper than the deepest pattern.
 */
final class PathTable<T> {
    private final SegmentMap<List<Candidate<T>>> exact = new SegmentMap<>();
    private final Node<T> root = new Node<>();
    private final List<Candidate<T>> anyPath = new ArrayList<>();
    private boolean capturing;

    void add(Candidate<T> candidate) {
        PathPattern pattern = candidate.path();
        if (pattern == null) {
            anyPath.add(candidate);
            return;
        }
        if (pattern.isExact()) {
            List<Candidate<T>> same = exact.get(pattern.text());
            if (same == null) {
                same = new ArrayList<>(1);
                exact.put(pattern.text(), same);
            }
            same.add(candidate);
            return;
        }
        Node<T> node = root;
        for (PathPattern.Segment segment : pattern.segments()) {
            node = segment.capture() ? node.capture() : node.literal(segment.text());
        }
        if (pattern.prefix()) {
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
        String path = lookup.path();
        List<Candidate<T>> same = exact.get(path);
        if (same != null && lookup.take(same)) {
            return true;
        }
        if (capturing && takeTerminal(root, path, 1, lookup)) {
            return true;
        }
        // From the longest prefix to the shortest.
        for (int depth = deepestPrefix(root, path, 1, 0, Integer.MAX_VALUE);
                depth >= 0;
                depth = deepestPrefix(root, path, 1, 0, depth)) {
            if (takePrefix(root, path, 1, depth, lookup)) {
                return true;
            }
        }
        return lookup.take(anyPath);
    }

    // Each node of a trie has one path to it, so that a walk visits no node twice.
    private static <T> boolean takeTerminal(Node<T> node, String path, int from, Lookup<T> lookup) {
        if (from > path.length()) {
            return lookup.take(node.terminals);
        }
        int end = RequestPath.segmentEnd(path, from);
        Node<T> literal = node.literals.get(path, from, end);
        if (literal != null && takeTerminal(literal, path, end + 1, lookup)) {
            return true;
        }
        // A capture names a segment, and an empty one is none.
        return node.capture != null && end > from && takeTerminal(node.capture, path, end + 1, lookup);
    }

    /** The greatest depth less than {@code below} at which prefixes of the path end, or -1. */
    private static <T> int deepestPrefix(Node<T> node, String path, int from, int depth, int below) {
        if (depth >= below) {
            return -1;
        }
        int deepest = node.prefixes.isEmpty() ? -1 : depth;
        if (from > path.length()) {
            return deepest;
        }
        int end = RequestPath.segmentEnd(path, from);
        Node<T> literal = node.literals.get(path, from, end);
        if (literal != null) {
            deepest = Math.max(deepest, deepestPrefix(literal, path, end + 1, depth + 1, below));
        }
        if (node.capture != null && end > from) {
            deepest = Math.max(deepest, deepestPrefix(node.capture, path, end + 1, depth + 1, below));
        }
        return deepest;
    }

    private static <T> boolean takePrefix(Node<T> node, String path, int from, int depth, Lookup<T> lookup) {
        if (depth == 0) {
            return lookup.take(node.prefixes);
        }
        if (from > path.length()) {
            return false;
        }
        int end = RequestPath.segmentEnd(path, from);
        Node<T> literal = node.literals.get(path, from, end);
        if (literal != null && takePrefix(literal, path, end + 1, depth - 1, lookup)) {
            return true;
        }
        return node.capture != null && end > from && takePrefix(node.capture, path, end + 1, depth - 1, lookup);
    }

    private static final class Node<T> {
        final SegmentMap<Node<T>> literals = new SegmentMap<>();
        final List<Candidate<T>> terminals = new ArrayList<>(0);
        final List<Candidate<T>> prefixes = new ArrayList<>(0);

        @Nullable
        Node<T> capture;

        Node<T> literal(String segment) {
            Node<T> known = literals.get(segment);
            if (known == null) {
                known = new Node<>();
                literals.put(segment, known);
            }
            return known;
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
