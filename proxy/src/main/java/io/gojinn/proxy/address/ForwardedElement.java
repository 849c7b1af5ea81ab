package io.gojinn.proxy.address;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one proxy tells of a request it has passed on (RFC 7239, 4).
 *
 * @param node where it came from, null when the proxy does not say or hides it
 * @param proto the scheme by which it came
 * @param host the Host with which it came
 */
record ForwardedElement(
        @Nullable InetAddress node,
        @Nullable String proto,
        @Nullable String host) {
    static final ForwardedElement NOTHING = new ForwardedElement(null, null, null);

    /** Reads an element; one that is malformed tells nothing. */
    static ForwardedElement parse(String element) {
        Set<String> seen = new HashSet<>();
        InetAddress node = null;
        String proto = null;
        String host = null;
        int at = 0;
        while (at < element.length()) {
            int equals = element.indexOf('=', at);
            if (equals < 0) {
                return NOTHING;
            }
            String name = element.substring(at, equals).strip().toLowerCase(Locale.ROOT);
            int end = endOfValue(element, equals + 1);
            String value = end < 0 ? null : unquoted(element.substring(equals + 1, end));
            // RFC 7239, 4: each parameter once.
            if (value == null || name.isEmpty() || !seen.add(name)) {
                return NOTHING;
            }
            switch (name) {
                case "for" -> node = node(value);
                case "proto" -> proto = value;
                case "host" -> host = value;
                default -> {
                    // by, and extensions
                }
            }
            at = end + 1;
        }
        return new ForwardedElement(node, proto, host);
    }

    // Where the value ends: at a semicolon or at the end; -1 when a quoted string does not.
    private static int endOfValue(String element, int start) {
        boolean quoted = false;
        for (int i = start; i < element.length(); i++) {
            char c = element.charAt(i);
            if (quoted && c == '\\') {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == ';' && !quoted) {
                return i;
            }
        }
        return quoted ? -1 : element.length();
    }

    private static @Nullable String unquoted(String text) {
        String value = text.strip();
        if (value.indexOf('"') < 0) {
            return value.isEmpty() ? null : value;
        }
        if (value.length() < 2 || value.charAt(0) != '"' || value.charAt(value.length() - 1) != '"') {
            return null;
        }
        // What is asked for here, addresses, schemes and hosts, needs no escape.
        String inner = value.substring(1, value.length() - 1);
        return inner.indexOf('"') >= 0 || inner.indexOf('\\') >= 0 ? null : inner;
    }

    /** An address with or without port (RFC 7239, 6), also an IPv6 one without brackets as X-Forwarded-For has them. */
    static @Nullable InetAddress node(String text) {
        if (text.startsWith("[")) {
            int bracket = text.indexOf(']');
            boolean whole = bracket > 0 && text.indexOf(':') < bracket && isPort(text, bracket + 1);
            return whole ? IpLiteral.parse(text.substring(1, bracket)) : null;
        }
        int colon = text.indexOf(':');
        if (colon >= 0 && colon == text.lastIndexOf(':')) {
            return isPort(text, colon) ? IpLiteral.parse(text.substring(0, colon)) : null;
        }
        return IpLiteral.parse(text);
    }

    // Nothing, or a colon and a number.
    private static boolean isPort(String text, int from) {
        if (from == text.length()) {
            return true;
        }
        int digits = text.length() - from - 1;
        if (text.charAt(from) != ':' || digits < 1 || digits > 5) {
            return false;
        }
        for (int i = from + 1; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    /** Writes the element that this proxy adds. */
    static String write(String address, String scheme, String authority) {
        boolean ipv6 = NetUtil.isValidIpV6Address(address);
        String element = "for=" + (ipv6 ? "\"[" + address + "]\"" : address) + ";proto=" + scheme;
        return authority.isEmpty() ? element : element + ";host=\"" + authority + '"';
    }
}
