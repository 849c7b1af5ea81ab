package io.gojinn.proxy.compress;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Media types that are worth compressing: {@code text/html}, {@code text/*} or {@code *+json}. Immutable. */
final class TypeList {
    private final Set<String> types = new HashSet<>();
    private final Set<String> families = new HashSet<>();
    private final Set<String> suffixes = new HashSet<>();

    TypeList(List<String> patterns) {
        for (String pattern : patterns) {
            String lower = pattern.toLowerCase(Locale.ROOT);
            if (lower.endsWith("/*")) {
                families.add(lower.substring(0, lower.length() - 2));
            } else if (lower.startsWith("*")) {
                suffixes.add(lower.substring(1));
            } else {
                types.add(lower);
            }
        }
    }

    /** Whether a value of {@code Content-Type} is one of them. What must be seen as it comes never is: events, and messages of gRPC. */
    boolean has(String contentType) {
        int semicolon = contentType.indexOf(';');
        String type = (semicolon < 0 ? contentType : contentType.substring(0, semicolon))
                .strip()
                .toLowerCase(Locale.ROOT);
        if (type.equals("text/event-stream") || type.startsWith("application/grpc")) {
            return false;
        }
        int slash = type.indexOf('/');
        int plus = type.lastIndexOf('+');
        return types.contains(type)
                || (slash > 0 && families.contains(type.substring(0, slash)))
                || (plus > slash && slash > 0 && suffixes.contains(type.substring(plus)));
    }
}
