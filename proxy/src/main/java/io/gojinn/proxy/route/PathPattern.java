package io.gojinn.proxy.route;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The path of a route, taken apart.
 *
 * @param text as it stands in the config
 * @param segments what is between the slashes, without the {@code *} of a prefix
 * @param prefix whether further segments may follow
 */
record PathPattern(String text, List<Segment> segments, boolean prefix) implements Comparable<PathPattern> {
    private static final String PREFIX_END = "/*";

    /**
     * A segment.
     *
     * @param text what it must be, or the name of the capture
     */
    record Segment(String text, boolean capture) {}

    PathPattern {
        segments = List.copyOf(segments);
    }

    /**
     * Takes a pattern apart.
     *
     * @throws IllegalArgumentException when it is not of the form that {@link RouteMatch} describes
     */
    static PathPattern of(String text) {
        if (!text.startsWith("/")) {
            throw new IllegalArgumentException("path is \"" + text + "\", expected one that starts with /");
        }
        boolean prefix = text.endsWith(PREFIX_END);
        String fixed = prefix ? text.substring(0, text.length() - PREFIX_END.length()) : text;
        List<Segment> segments = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int from = 1; from <= fixed.length(); ) {
            int end = RequestPath.segmentEnd(fixed, from);
            segments.add(segment(text, fixed.substring(from, end), names));
            from = end + 1;
        }
        return new PathPattern(text, segments, prefix);
    }

    private static Segment segment(String pattern, String text, Set<String> names) {
        if (text.startsWith("{") && text.endsWith("}")) {
            String name = text.substring(1, text.length() - 1);
            if (name.isEmpty() || !names.add(name)) {
                throw new IllegalArgumentException(
                        "path is \"" + pattern + "\", expected captures with names that differ");
            }
            return new Segment(name, true);
        }
        if (text.indexOf('{') >= 0 || text.indexOf('}') >= 0) {
            throw new IllegalArgumentException("path is \"" + pattern + "\", expected a capture to be a whole segment");
        }
        return new Segment(text, false);
    }

    boolean isExact() {
        return !prefix && !captures();
    }

    boolean captures() {
        return segments.stream().anyMatch(Segment::capture);
    }

    boolean takes(String path) {
        int from = 1;
        for (Segment segment : segments) {
            if (from > path.length()) {
                return false;
            }
            int end = RequestPath.segmentEnd(path, from);
            if (segment.capture() ? end == from : !path.substring(from, end).equals(segment.text())) {
                return false;
            }
            from = end + 1;
        }
        return prefix || from > path.length();
    }

    private int rank() {
        return prefix ? 2 : captures() ? 1 : 0;
    }

    /** Exact paths, paths with captures, prefixes from the longest on; a literal segment before a capture. */
    @Override
    public int compareTo(PathPattern other) {
        int byRank = Integer.compare(rank(), other.rank());
        if (byRank != 0) {
            return byRank;
        }
        int byDepth = prefix ? Integer.compare(other.segments.size(), segments.size()) : 0;
        if (byDepth != 0) {
            return byDepth;
        }
        for (int i = 0; i < Math.min(segments.size(), other.segments.size()); i++) {
            Segment mine = segments.get(i);
            Segment theirs = other.segments.get(i);
            int byKind = Boolean.compare(mine.capture(), theirs.capture());
            int byText = byKind != 0 || mine.capture() ? byKind : mine.text().compareTo(theirs.text());
            if (byText != 0) {
                return byText;
            }
        }
        return Integer.compare(segments.size(), other.segments.size());
    }
}
