package io.gojinn.proxy.route;

import java.util.Locale;
import java.util.Optional;

/** The order of precedence among matches that {@link Router} describes; equal ones follow the config. */
final class RouteOrder {
    private RouteOrder() {}

    static int compare(RouteMatch one, RouteMatch other) {
        int byHost = byHost(one, other);
        if (byHost != 0) {
            return byHost;
        }
        int byPath = byPath(one, other);
        return byPath != 0 ? byPath : byConditions(one, other);
    }

    private static int byHost(RouteMatch one, RouteMatch other) {
        int byRank = Integer.compare(hostRank(one), hostRank(other));
        if (byRank != 0) {
            return byRank;
        }
        String first = host(one);
        String second = host(other);
        int byLength = hostRank(one) == 1 ? Integer.compare(second.length(), first.length()) : 0;
        return byLength != 0 ? byLength : first.compareTo(second);
    }

    private static int hostRank(RouteMatch match) {
        return match.host().isEmpty() ? 2 : host(match).startsWith("*.") ? 1 : 0;
    }

    private static String host(RouteMatch match) {
        return match.host().orElse("").toLowerCase(Locale.ROOT);
    }

    private static int byPath(RouteMatch one, RouteMatch other) {
        Optional<PathPattern> first = one.path().map(PathPattern::of);
        Optional<PathPattern> second = other.path().map(PathPattern::of);
        if (first.isEmpty() || second.isEmpty()) {
            return Boolean.compare(first.isEmpty(), second.isEmpty());
        }
        return first.get().compareTo(second.get());
    }

    /** Among matches of one host and one path. */
    static int byConditions(RouteMatch one, RouteMatch other) {
        int bySize = Integer.compare(
                other.headers().size() + other.query().size(),
                one.headers().size() + one.query().size());
        if (bySize != 0) {
            return bySize;
        }
        int byMethods = Boolean.compare(one.methods().isEmpty(), other.methods().isEmpty());
        return byMethods != 0
                ? byMethods
                : Boolean.compare(one.listeners().isEmpty(), other.listeners().isEmpty());
    }
}
