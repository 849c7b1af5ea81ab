package io.gojinn.proxy.middleware;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Says which pages of other origins may read responses (Fetch, 3.2), in the place of whatever the action says of it.
 *
 * @param origins those pages' origins
 * @param methods that a preflight allows
 * @param requestHeaders that a preflight allows
 * @param exposedHeaders that pages may read
 * @param credentials whether requests may carry cookies and the like
 * @param maxAge how long a browser may remember a preflight
 */
public record CorsRules(
        Origins origins,
        Set<String> methods,
        List<String> requestHeaders,
        List<String> exposedHeaders,
        boolean credentials,
        Duration maxAge)
        implements MiddlewareKind {
    public CorsRules {
        methods = Set.copyOf(methods);
        requestHeaders = List.copyOf(requestHeaders);
        exposedHeaders = List.copyOf(exposedHeaders);
        if (credentials && origins.any()) {
            throw new IllegalArgumentException("credentials for pages of any origin");
        }
    }

    /**
     * Origins that are allowed.
     *
     * @param any every one, {@code null} included
     * @param exact as browsers write them: scheme, host in lower case, port unless it is the scheme's
     * @param below scheme and {@code ://} with a suffix that begins with a dot, for any name below it
     */
    public record Origins(boolean any, Set<String> exact, List<Below> below) {
        public Origins {
            exact = Set.copyOf(exact);
            below = List.copyOf(below);
        }

        /** Whether pages of this origin are meant. */
        public boolean contains(String origin) {
            if (any || exact.contains(origin)) {
                return true;
            }
            for (Below some : below) {
                if (some.contains(origin)) {
                    return true;
                }
            }
            return false;
        }
    }

    /** Every name below a domain: {@code https://}, {@code .example.com}, and {@code :8443} or nothing. */
    public record Below(String scheme, String suffix) {
        boolean contains(String origin) {
            int length = origin.length() - scheme.length() - suffix.length();
            return length > 0
                    && origin.startsWith(scheme)
                    && origin.endsWith(suffix)
                    && isName(origin, scheme.length(), scheme.length() + length);
        }

        private static boolean isName(String text, int from, int to) {
            for (int i = from; i < to; i++) {
                char c = text.charAt(i);
                if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.')) {
                    return false;
                }
            }
            return true;
        }
    }
}
