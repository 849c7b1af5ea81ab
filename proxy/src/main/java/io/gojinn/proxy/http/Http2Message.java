package io.gojinn.proxy.http;

import io.gojinn.proxy.failure.ClientFault;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Header sections of HTTP/2 as the messages that exchanges are made of, and back (RFC 9113, 8.2, 8.3).
 *
 * <p>A request comes out in one form that no two parties can read differently: a method that is a token, a target of visible
 * characters that begins with a slash, one Host, one Cookie, values without control characters and without spaces around them, no
 * field that belongs to a connection. What has no such form is malformed and never repaired. What Netty's decoder has checked
 * before: names are tokens in lower case, pseudo-header fields are known, come first and but once, no field belongs to a
 * connection, TE says {@code trailers}, Content-Length is one number.
 */
public final class Http2Message {
    public static final HttpVersion HTTP_2 = new HttpVersion("HTTP/2.0", true);

    private static final AsciiString PROTOCOL = Http2Headers.PseudoHeaderName.PROTOCOL.value();
    private static final HttpMethod NONE = HttpMethod.valueOf("-");

    // RFC 9113, 8.2.2
    private static final Set<AsciiString> OF_CONNECTION = Set.of(
            HttpHeaderNames.CONNECTION,
            AsciiString.cached("keep-alive"),
            AsciiString.cached("proxy-connection"),
            HttpHeaderNames.TRANSFER_ENCODING,
            HttpHeaderNames.UPGRADE);
    // RFC 9110, 6.5.1: what frames, routes or authenticates a message has no place after it.
    private static final Set<AsciiString> NOT_IN_TRAILERS = Set.of(
            HttpHeaderNames.CONTENT_LENGTH,
            HttpHeaderNames.HOST,
            HttpHeaderNames.TE,
            HttpHeaderNames.TRAILER,
            HttpHeaderNames.EXPECT,
            HttpHeaderNames.AUTHORIZATION,
            HttpHeaderNames.COOKIE);

    private Http2Message() {}

    /** A request as exchanges take it, with what its header section says. */
    record Request(HttpRequest message, RequestHead.Checked checked) {}

    /**
     * Turns a header section into a request.
     *
     * @param endOfStream whether no body follows
     * @param maxFields the most fields that it may have, pseudo-header fields left out
     */
    static Request request(Http2Headers section, boolean endOfStream, int maxFields) {
        CharSequence method = section.method();
        CharSequence path = section.path();
        HttpHeaders headers = Exchange.newHeaders();
        String problem = problemOf(section);
        boolean tooMany = false;
        if (problem == null) {
            tooMany = section.size() - pseudoFields(section) > maxFields;
            problem = tooMany ? "more than " + maxFields + " fields" : copy(section, headers);
        }
        if (problem != null) {
            HttpRequest unreadable = new DefaultHttpRequest(
                    HTTP_2, method != null && isToken(method) ? HttpMethod.valueOf(method.toString()) : NONE, "-");
            ClientFault fault = tooMany ? ClientFault.HEADERS_TOO_LARGE : ClientFault.MALFORMED;
            return new Request(unreadable, RequestHead.refused(fault, problem));
        }
        CharSequence protocol = section.get(PROTOCOL);
        if (protocol != null) {
            // To routes and upstreams the same as an upgrade of HTTP/1.1, whose key the upstream's side makes.
            headers.remove(HttpHeaderNames.SEC_WEBSOCKET_KEY);
            HttpRequest upgrade = new DefaultHttpRequest(HTTP_2, HttpMethod.GET, String.valueOf(path), headers);
            return new Request(
                    upgrade, RequestHead.check(upgrade, 0, protocol.toString().toLowerCase(Locale.ROOT)));
        }
        HttpRequest message = new DefaultHttpRequest(
                HTTP_2, HttpMethod.valueOf(String.valueOf(method)), path == null ? "" : path.toString(), headers);
        String length = headers.get(HttpHeaderNames.CONTENT_LENGTH);
        long contentLength = endOfStream ? 0 : length == null ? -1 : Long.parseLong(length);
        return new Request(message, RequestHead.check(message, contentLength, ""));
    }

    private static @Nullable String problemOf(Http2Headers section) {
        CharSequence method = section.method();
        CharSequence scheme = section.scheme();
        CharSequence path = section.path();
        if (method == null || !isToken(method)) {
            return ":method is " + method;
        }
        CharSequence protocol = section.get(PROTOCOL);
        if (section.contains(Http2Headers.PseudoHeaderName.STATUS.value())) {
            return ":status in a request";
        }
        boolean connect = HttpMethod.CONNECT.asciiName().contentEquals(method);
        if (protocol != null) {
            // RFC 8441, 4: a method of its own, with what any other request has; a length has no meaning in it.
            if (!connect || !isToken(protocol) || section.contains(HttpHeaderNames.CONTENT_LENGTH)) {
                return "CONNECT with :protocol is not of its form";
            }
        } else if (connect) {
            return scheme == null && path == null && section.authority() != null
                    ? null
                    : "CONNECT with other than :authority";
        }
        if (scheme == null
                || !(AsciiString.contentEquals(scheme, "http") || AsciiString.contentEquals(scheme, "https"))) {
            return ":scheme is " + scheme;
        }
        if (path == null
                || path.isEmpty()
                || !isVisible(path)
                || (path.charAt(0) != '/' && !isAsterisk(method, path))) {
            return ":path is no path";
        }
        return null;
    }

    private static boolean isAsterisk(CharSequence method, CharSequence path) {
        return AsciiString.contentEquals(path, "*")
                && HttpMethod.OPTIONS.asciiName().contentEquals(method);
    }

    private static int pseudoFields(Http2Headers section) {
        return (section.method() == null ? 0 : 1)
                + (section.scheme() == null ? 0 : 1)
                + (section.path() == null ? 0 : 1)
                + (section.authority() == null ? 0 : 1)
                + (section.contains(PROTOCOL) ? 1 : 0);
    }

    // The problem with a field, or null when all were copied.
    private static @Nullable String copy(Http2Headers section, HttpHeaders headers) {
        StringBuilder cookies = null;
        boolean host = false;
        CharSequence authority = section.authority();
        if (authority != null) {
            headers.set(HttpHeaderNames.HOST, authority);
        }
        for (Map.Entry<CharSequence, CharSequence> field : section) {
            CharSequence name = field.getKey();
            CharSequence value = field.getValue();
            if (name.charAt(0) == ':') {
                continue;
            }
            if (!isValue(value)) {
                return "the value of " + name + " holds what no value may";
            }
            if (HttpHeaderNames.COOKIE.contentEquals(name)) {
                // RFC 9113, 8.2.3
                cookies = cookies == null ? new StringBuilder() : cookies.append("; ");
                cookies.append(value);
            } else if (HttpHeaderNames.HOST.contentEquals(name)) {
                // RFC 9113, 8.3.1: it may be left out, but not differ.
                if (host || (authority != null && !AsciiString.contentEqualsIgnoreCase(authority, value))) {
                    return "host is not :authority";
                }
                host = true;
                if (authority == null) {
                    headers.set(HttpHeaderNames.HOST, value);
                }
            } else {
                headers.add(name, value);
            }
        }
        if (cookies != null) {
            headers.set(HttpHeaderNames.COOKIE, cookies.toString());
        }
        return null;
    }

    /**
     * Turns a trailer section into trailers.
     *
     * @return null when it is malformed or has more fields than {@code maxFields}
     */
    public static @Nullable HttpHeaders trailers(Http2Headers section, int maxFields) {
        if (section.size() > maxFields) {
            return null;
        }
        HttpHeaders trailers = Exchange.newHeaders();
        for (Map.Entry<CharSequence, CharSequence> field : section) {
            if (!isValue(field.getValue())) {
                return null;
            }
            if (!NOT_IN_TRAILERS.contains(AsciiString.of(field.getKey()))) {
                trailers.add(field.getKey(), field.getValue());
            }
        }
        return trailers;
    }

    /** Turns the header section of an answer into one of HTTP/2. */
    static Http2Headers response(HttpResponseStatus status, HttpHeaders headers) {
        Http2Headers section = new DefaultHttp2Headers(false, headers.size() + 1);
        section.status(status.codeAsText());
        copy(headers, section);
        return section;
    }

    /** Turns trailers into those of HTTP/2. */
    public static Http2Headers trailers(HttpHeaders trailers) {
        Http2Headers section = new DefaultHttp2Headers(false, trailers.size());
        copy(trailers, section);
        return section;
    }

    /** Adds fields to a section, all but those of a connection. */
    public static void copy(HttpHeaders headers, Http2Headers section) {
        Iterator<Map.Entry<CharSequence, CharSequence>> fields = headers.iteratorCharSequence();
        while (fields.hasNext()) {
            Map.Entry<CharSequence, CharSequence> field = fields.next();
            AsciiString name = AsciiString.of(field.getKey()).toLowerCase();
            if (!OF_CONNECTION.contains(name)) {
                section.add(name, field.getValue());
            }
        }
    }

    // Beyond ASCII it may be UTF-8, which gets encoded.
    private static boolean isVisible(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c == 0x7f) {
                return false;
            }
        }
        return true;
    }

    // RFC 9110, 5.6.2
    private static boolean isToken(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!alphanumeric && "!#$%&'*+-.^_`|~".indexOf(c) < 0) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** Whether a value may be passed on: no control character but the tab, no space around it (RFC 9113, 8.2.1). */
    public static boolean isValue(CharSequence value) {
        int length = value.length();
        for (int i = 0; i < length; i++) {
            char c = value.charAt(i);
            if ((c < ' ' && c != '\t') || c == 0x7f) {
                return false;
            }
        }
        return length == 0 || (!isSpace(value.charAt(0)) && !isSpace(value.charAt(length - 1)));
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t';
    }
}
