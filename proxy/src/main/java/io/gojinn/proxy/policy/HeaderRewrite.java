package io.gojinn.proxy.policy;

import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.FailureResponse;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.http.ResponsePhase;
import io.gojinn.proxy.middleware.FieldChanges;
import io.gojinn.proxy.middleware.HeaderRules;
import io.gojinn.proxy.middleware.Template;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Changes fields of requests and responses, those of the proxy's own answers included. Thread-safe.
 *
 * <p>A request field that is set is owned: whatever a client sends under a name that servers may take for it is removed, but for a
 * field that a value refers to.
 */
public final class HeaderRewrite implements Middleware {
    private final HeaderRules config;
    private final Set<String> owned;

    /** A middleware that makes these changes. */
    public HeaderRewrite(HeaderRules config) {
        this.config = config;
        Set<String> referred = new HashSet<>();
        Stream.of(config.request(), config.response())
                .flatMap(changes -> Stream.concat(changes.set().values().stream(), changes.add().values().stream()))
                .flatMap(template -> template.parts().stream())
                .forEach(part -> {
                    if (part instanceof Template.Part.Header(String name)) {
                        referred.add(name.toLowerCase(Locale.ROOT));
                    }
                });
        Set<String> set = new HashSet<>(config.request().set().keySet());
        set.removeIf(name -> referred.contains(name.toLowerCase(Locale.ROOT)));
        this.owned = Set.copyOf(set);
    }

    @Override
    public Set<String> ownedFields() {
        return owned;
    }

    @Override
    public Passage open(Exchange exchange) {
        return new Passage() {
            @Override
            public void request(RequestPhase phase) {
                change(exchange.request().headers(), config.request(), exchange);
                phase.proceed();
            }

            @Override
            public void response(ResponsePhase phase) {
                change(phase.headers(), config.response(), exchange);
                phase.proceed();
            }

            @Override
            public void failed(FailureResponse response) {
                change(response.headers(), config.response(), exchange);
            }
        };
    }

    private static void change(HttpHeaders headers, FieldChanges changes, Exchange exchange) {
        if (changes.isEmpty()) {
            return;
        }
        // Before anything is changed: a value may refer to a field that is removed or set.
        String[] set = render(changes.set(), exchange);
        String[] added = render(changes.add(), exchange);
        changes.remove().forEach(headers::remove);
        int i = 0;
        for (String name : changes.set().keySet()) {
            headers.set(name, set[i++]);
        }
        i = 0;
        for (String name : changes.add().keySet()) {
            headers.add(name, added[i++]);
        }
    }

    private static String[] render(Map<String, Template> templates, Exchange exchange) {
        String[] values = new String[templates.size()];
        int i = 0;
        for (Template template : templates.values()) {
            values[i++] = Templates.fieldValue(template, exchange);
        }
        return values;
    }
}
