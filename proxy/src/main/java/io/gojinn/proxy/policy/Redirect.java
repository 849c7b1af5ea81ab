package io.gojinn.proxy.policy;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.http.Passage;
import io.gojinn.proxy.http.RequestPhase;
import io.gojinn.proxy.middleware.RedirectRules;
import io.gojinn.proxy.middleware.Template;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Locale;
import java.util.Optional;

/**
 * Sends clients elsewhere. Thread-safe.
 *
 * <p>A location always begins with a scheme and an authority that the config gives, or the request's Host, which has been checked to
 * be one: whatever a path holds cannot become a host.
 */
public final class Redirect implements Middleware {
    private final RedirectRules rules;

    /** A middleware that applies these rules. */
    public Redirect(RedirectRules rules) {
        this.rules = rules;
    }

    @Override
    public Passage open(Exchange exchange) {
        return new Passage() {
            @Override
            public void request(RequestPhase phase) {
                String scheme = rules.scheme().orElse(exchange.scheme());
                String asked = exchange.authority();
                if (asked.isEmpty() && rules.host().isEmpty()) {
                    phase.fail(new Failure.Client(ClientFault.MALFORMED, "no Host to be redirected to"));
                    return;
                }
                String authority = authority(asked, scheme);
                boolean there = scheme.equals(exchange.scheme())
                        && authority.equals(withoutDefaultPort(asked.toLowerCase(Locale.ROOT), scheme));
                Optional<Template> path = rules.path();
                if (there && path.isEmpty()) {
                    phase.proceed();
                    return;
                }
                String query = exchange.query();
                HttpHeaders headers = Exchange.newHeaders();
                headers.set(
                        HttpHeaderNames.LOCATION,
                        scheme + "://" + authority
                                + (path.isPresent() ? Templates.path(path.get(), exchange) : exchange.path())
                                + (query.isEmpty() ? "" : '?' + query));
                phase.reply(rules.status(), headers, Exchange.noBody());
            }
        };
    }

    private String authority(String asked, String scheme) {
        String authority = asked.toLowerCase(Locale.ROOT);
        if (rules.host().isPresent()) {
            authority = rules.host().get();
        } else if (rules.scheme().isPresent() || rules.port().isPresent()) {
            authority = withoutPort(authority);
        }
        return rules.port().isPresent()
                ? withoutDefaultPort(authority + ':' + rules.port().get(), scheme)
                : withoutDefaultPort(authority, scheme);
    }

    private static String withoutPort(String authority) {
        int colon = authority.lastIndexOf(':');
        return colon > authority.lastIndexOf(']') ? authority.substring(0, colon) : authority;
    }

    private static String withoutDefaultPort(String authority, String scheme) {
        String port = scheme.equals("https") ? ":443" : ":80";
        return authority.endsWith(port) && withoutPort(authority).length() == authority.length() - port.length()
                ? withoutPort(authority)
                : authority;
    }
}
