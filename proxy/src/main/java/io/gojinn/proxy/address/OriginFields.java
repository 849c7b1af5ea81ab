package io.gojinn.proxy.address;

import io.gojinn.proxy.head.HeadFields;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields in which proxies tell where a request comes from. */
public final class OriginFields {
    private static final AsciiString FORWARDED = AsciiString.cached("forwarded");
    private static final AsciiString FORWARDED_FOR = AsciiString.cached("x-forwarded-for");
    private static final AsciiString FORWARDED_PROTO = AsciiString.cached("x-forwarded-proto");
    private static final AsciiString FORWARDED_HOST = AsciiString.cached("x-forwarded-host");
    private static final String FAMILY = "x-forwarded-";
    private static final String REAL_IP = "x-real-ip";

    private OriginFields() {}

    /** Removes them all: nobody who is trusted has written them. */
    public static void strip(HttpHeaders headers) {
        strip(headers, null);
    }

    /** Removes those that a trusted proxy may have passed on as it got them, because it tells the client in another one. */
    public static void stripUnbelieved(HttpHeaders headers, ClientField believed) {
        switch (believed) {
            case X_FORWARDED_FOR -> headers.remove(FORWARDED);
            case FORWARDED -> strip(headers, FORWARDED);
        }
    }

    private static void strip(HttpHeaders headers, @Nullable AsciiString spared) {
        List<CharSequence> found = null;
        Iterator<Map.Entry<CharSequence, CharSequence>> fields = headers.iteratorCharSequence();
        while (fields.hasNext()) {
            CharSequence name = fields.next().getKey();
            if (is(name) && (spared == null || !spared.contentEqualsIgnoreCase(name))) {
                found = found == null ? new ArrayList<>() : found;
                found.add(name);
            }
        }
        if (found != null) {
            found.forEach(headers::remove);
        }
    }

    /** Whether a field is one of them, also as servers see it that hand fields to CGI and its kin, where _ is -. */
    public static boolean is(CharSequence name) {
        return switch (name.isEmpty() ? ' ' : name.charAt(0)) {
            case 'x', 'X' -> begins(name, FAMILY) || (name.length() == REAL_IP.length() && begins(name, REAL_IP));
            case 'f', 'F' -> FORWARDED.contentEqualsIgnoreCase(name);
            default -> false;
        };
    }

    private static boolean begins(CharSequence name, String lowerCase) {
        if (name.length() < lowerCase.length()) {
            return false;
        }
        for (int i = 0; i < lowerCase.length(); i++) {
            char c = name.charAt(i);
            if (AsciiString.toLowerCase(c == '_' ? '-' : c) != lowerCase.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Tells the next server. What a trusted proxy has told is continued, by at most {@value FieldList#MAX_ITEMS} entries.
     *
     * @param connectionScheme by which the request came here
     * @param authority the Host with which it came, empty when there is none
     */
    public static void tell(
            HttpHeaders headers, Origin origin, ClientField field, String connectionScheme, String authority) {
        switch (field) {
            case X_FORWARDED_FOR ->
                HeadFields.setChecked(
                        headers,
                        FORWARDED_FOR,
                        origin.relayed() ? continued(headers, FORWARDED_FOR, origin.peer()) : origin.address());
            case FORWARDED -> {
                headers.set(FORWARDED_FOR, origin.address());
                String element = ForwardedElement.write(origin.peer(), connectionScheme, authority);
                headers.set(FORWARDED, origin.relayed() ? continued(headers, FORWARDED, element) : element);
            }
        }
        HeadFields.setChecked(headers, FORWARDED_PROTO, origin.scheme());
        set(headers, FORWARDED_HOST, origin.host() == null ? authority : origin.host());
    }

    private static String continued(HttpHeaders headers, AsciiString name, String entry) {
        Deque<String> chain = FieldList.of(headers.getAll(name));
        if (chain.size() == FieldList.MAX_ITEMS) {
            chain.removeFirst();
        }
        chain.addLast(entry);
        return String.join(", ", chain);
    }

    private static void set(HttpHeaders headers, AsciiString name, @Nullable String value) {
        if (value == null || value.isEmpty()) {
            headers.remove(name);
        } else {
            HeadFields.setChecked(headers, name, value);
        }
    }
}
