package io.gojinn.proxy.http;

import io.gojinn.proxy.address.OriginFields;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The middleware of one route, the outermost first. Immutable. */
public final class RouteMiddleware {
    /** A route without any. */
    public static final RouteMiddleware NONE = new RouteMiddleware(List.of());

    private final List<Middleware> list;
    // By their letters and digits.
    private final Set<String> owned = new HashSet<>();

    /** Middleware in this order. */
    public RouteMiddleware(List<Middleware> list) {
        this.list = List.copyOf(list);
        for (Middleware middleware : list) {
            middleware.ownedFields().forEach(field -> owned.add(letters(field)));
        }
    }

    boolean isEmpty() {
        return list.isEmpty();
    }

    int size() {
        return list.size();
    }

    Passage open(int index, Exchange exchange) {
        return list.get(index).open(exchange);
    }

    /** Takes from a request what its client must not decide: owned fields, and the power to have others removed. */
    void prepare(HttpHeaders headers) {
        removeNamedByConnection(headers);
        removeOwned(headers);
    }

    /** Takes owned fields away. */
    void removeOwned(HttpHeaders headers) {
        if (owned.isEmpty() || headers.isEmpty()) {
            return;
        }
        List<String> found = new ArrayList<>();
        for (String name : headers.names()) {
            if (owned.contains(letters(name))) {
                found.add(name);
            }
        }
        found.forEach(headers::remove);
    }

    private static void removeNamedByConnection(HttpHeaders headers) {
        List<String> values = headers.getAll(HttpHeaderNames.CONNECTION);
        if (values.isEmpty()) {
            return;
        }
        for (String value : values) {
            for (String option : value.split(",", -1)) {
                String name = option.strip();
                // As where requests are forwarded: nobody may take away what frames and addresses a message. What TE
                // and
                // Upgrade ask for is decided there too.
                if (!name.isEmpty()
                        && !OriginFields.is(name)
                        && !HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name)
                        && !HttpHeaderNames.TRANSFER_ENCODING.contentEqualsIgnoreCase(name)
                        && !HttpHeaderNames.HOST.contentEqualsIgnoreCase(name)
                        && !HttpHeaderNames.TE.contentEqualsIgnoreCase(name)
                        && !HttpHeaderNames.UPGRADE.contentEqualsIgnoreCase(name)) {
                    headers.remove(name);
                }
            }
        }
        headers.remove(HttpHeaderNames.CONNECTION);
    }

    // Servers that hand fields to CGI and its kin see no difference in the rest.
    private static String letters(CharSequence name) {
        StringBuilder letters = new StringBuilder(name.length());
        for (int i = 0; i < name.length(); i++) {
            char c = AsciiString.toLowerCase(name.charAt(i));
            if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
                letters.append(c);
            }
        }
        return letters.toString();
    }
}
