package io.gojinn.proxy.http;

import io.gojinn.proxy.address.OriginFields;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The middleware of one route, the outermost first. Immutable. */
public final class RouteMiddleware {
    /** A route without any. */
    public static final RouteMiddleware NONE = new RouteMiddleware(List.of());

    private final List<Middleware> list;
    // By their letters and digits.
    private final String[] owned;

    /** Middleware in this order. */
    public RouteMiddleware(List<Middleware> list) {
        this.list = List.copyOf(list);
        this.owned = list.stream()
                .flatMap(middleware -> middleware.ownedFields().stream())
                .map(RouteMiddleware::letters)
                .distinct()
                .toArray(String[]::new);
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
        if (owned.length == 0) {
            return;
        }
        List<CharSequence> found = List.of();
        Iterator<Map.Entry<CharSequence, CharSequence>> fields = headers.iteratorCharSequence();
        while (fields.hasNext()) {
            CharSequence name = fields.next().getKey();
            if (isOwned(name)) {
                found = found.isEmpty() ? new ArrayList<>() : found;
                found.add(name);
            }
        }
        found.forEach(headers::remove);
    }

    private boolean isOwned(CharSequence name) {
        for (String letters : owned) {
            if (hasLetters(name, letters)) {
                return true;
            }
        }
        return false;
    }

    private static void removeNamedByConnection(HttpHeaders headers) {
        if (!headers.contains(HttpHeaderNames.CONNECTION)) {
            return;
        }
        for (String value : headers.getAll(HttpHeaderNames.CONNECTION)) {
            // What nearly all requests say, if anything.
            if (HttpHeaderValues.KEEP_ALIVE.contentEqualsIgnoreCase(value)) {
                headers.remove(HttpHeaderValues.KEEP_ALIVE);
                continue;
            }
            for (String option : value.split(",", -1)) {
                String name = option.strip();
                // As where requests are forwarded: nobody may take away what frames and addresses a message. There it
                // is decided too what TE and Upgrade ask for.
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
            if (isLetter(c)) {
                letters.append(c);
            }
        }
        return letters.toString();
    }

    // Whether letters(name) is the same, without making it: this is asked of every field of every request.
    private static boolean hasLetters(CharSequence name, String letters) {
        int at = 0;
        for (int i = 0; i < name.length(); i++) {
            char c = AsciiString.toLowerCase(name.charAt(i));
            if (isLetter(c)) {
                if (at == letters.length() || c != letters.charAt(at)) {
                    return false;
                }
                at++;
            }
        }
        return at == letters.length();
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    }
}
