package io.gojinn.proxy.policy;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.middleware.RewriteRules;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/** Changes what the action is asked for. Thread-safe. */
public final class Rewrite implements Middleware {
    private final RewriteRules rules;
    private final Set<String> removed;

    /** A middleware that makes these changes. */
    public Rewrite(RewriteRules rules) {
        this.rules = rules;
        Set<String> names = new HashSet<>(rules.removeQuery());
        names.addAll(rules.setQuery().keySet());
        this.removed = Set.copyOf(names);
    }

    @Override
    public Passage open(Exchange exchange) {
        return new Passage() {
            @Override
            public void request(RequestPhase phase) {
                String query = query(exchange);
                String target = query.isEmpty() ? path(exchange) : path(exchange) + '?' + query;
                try {
                    phase.target(target);
                } catch (IllegalArgumentException unsafe) {
                    // What a capture holds may have no safe place in a path, such as two dots.
                    phase.fail(new Failure.Client(ClientFault.TARGET, "rewritten"));
                    return;
                }
                phase.proceed();
            }
        };
    }

    private String path(Exchange exchange) {
        if (rules.path().isPresent()) {
            return Templates.path(rules.path().get(), exchange);
        }
        String path = exchange.path();
        if (rules.stripPrefix().isPresent()) {
            String prefix = rules.stripPrefix().get();
            if (path.startsWith(prefix) && (path.length() == prefix.length() || path.charAt(prefix.length()) == '/')) {
                path = path.length() == prefix.length() ? "/" : path.substring(prefix.length());
            }
        }
        return rules.addPrefix().isPresent() ? rules.addPrefix().get() + path : path;
    }

    private String query(Exchange exchange) {
        String query = exchange.query();
        if (removed.isEmpty()) {
            return query;
        }
        StringBuilder kept = new StringBuilder(query.length());
        for (int start = 0; start <= query.length() && !query.isEmpty(); ) {
            int end = query.indexOf('&', start);
            end = end < 0 ? query.length() : end;
            String parameter = query.substring(start, end);
            if (!parameter.isEmpty() && !removed.contains(name(parameter))) {
                append(kept, parameter);
            }
            start = end + 1;
        }
        rules.setQuery()
                .forEach((name, value) ->
                        append(kept, Templates.component(name) + '=' + Templates.queryValue(value, exchange)));
        return kept.toString();
    }

    private static void append(StringBuilder query, String parameter) {
        if (!query.isEmpty()) {
            query.append('&');
        }
        query.append(parameter);
    }

    // Decoded, so that no spelling of a name escapes its rule.
    private static String name(String parameter) {
        int equals = parameter.indexOf('=');
        String name = equals < 0 ? parameter : parameter.substring(0, equals);
        try {
            return URLDecoder.decode(name, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException malformed) {
            return name;
        }
    }
}
