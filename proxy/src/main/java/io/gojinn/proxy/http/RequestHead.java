package io.gojinn.proxy.http;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.route.RequestPath;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a header section says, after the checks that a decoder leaves to its user.
 *
 * @param uri the target in origin form, its path and query in their one form
 * @param path the path of it, see {@link RequestPath}
 * @param query the part after the question mark, empty when there is none
 * @param authority the Host as it was sent, empty in HTTP/1.0 without one
 * @param host the name in it, in lower case, without port and final dot
 * @param contentLength of the body, 0 without one, -1 when its length is not known beforehand
 * @param expectsContinue whether the client waits for 100 before it sends the body
 * @param upgrade the protocol that the client wants to speak through a tunnel, in lower case; empty when it wants none
 */
record RequestHead(
        String method,
        String uri,
        String path,
        String query,
        String authority,
        String host,
        long contentLength,
        boolean expectsContinue,
        String upgrade) {
    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
    // A name of 253 characters with a final dot (RFC 1035, 2.3.4), a colon and a port.
    private static final int MAX_AUTHORITY_CHARS = 260;
    private static final int MAX_METHOD_CHARS = 64;
    private static final int MAX_URI_CHARS = 64 << 10;

    /** A Host that was checked, and the name in it. */
    record Host(String authority, String name) {}

    /** A head, or why there is none. */
    sealed interface Checked {}

    /** A head that can be acted on. */
    record Accepted(RequestHead head) implements Checked {}

    /** A head that is refused. */
    record Refused(Failure.Client failure) implements Checked {}

    /**
     * Checks a header section that was decoded from HTTP/1.x.
     *
     * @param last that of the request before it on its connection, which is nearly always the same; null for none
     */
    static Checked check(HttpRequest request, @Nullable Host last) {
        if (request.decoderResult().isFailure()) {
            return refused(
                    faultOf(request.decoderResult().cause()),
                    String.valueOf(request.decoderResult().cause()));
        }
        HttpVersion version = request.protocolVersion();
        if (!version.equals(HttpVersion.HTTP_1_1) && !version.equals(HttpVersion.HTTP_1_0)) {
            return refused(ClientFault.VERSION, version.text());
        }
        HttpHeaders headers = request.headers();
        // RFC 9112, 6.1 and 6.3: the decoder has refused it beside Content-Length and before HTTP/1.1.
        boolean chunked = headers.contains(HttpHeaderNames.TRANSFER_ENCODING);
        if (chunked) {
            List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
            if (codings.size() != 1 || !HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(codings.getFirst())) {
                return refused(
                        isFramed(codings) ? ClientFault.CODING : ClientFault.MALFORMED,
                        "Transfer-Encoding is " + codings + ", expected chunked");
            }
        }
        long contentLength = chunked ? -1 : HttpUtil.getContentLength(request, 0L);
        return check(request, contentLength, contentLength == 0 ? upgrade(request) : "", last);
    }

    // RFC 9110, 7.8: an upgrade may be ignored, and is unless nothing of it can be read in two ways: one protocol, in a
    // GET without a body.
    private static String upgrade(HttpRequest request) {
        HttpHeaders headers = request.headers();
        if (!headers.contains(HttpHeaderNames.UPGRADE)
                || !request.method().equals(HttpMethod.GET)
                || !request.protocolVersion().equals(HttpVersion.HTTP_1_1)
                || !headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)) {
            return "";
        }
        List<String> protocols = headers.getAll(HttpHeaderNames.UPGRADE);
        return protocols.size() == 1 && protocols.getFirst().indexOf(',') < 0
                ? protocols.getFirst().strip().toLowerCase(Locale.ROOT)
                : "";
    }

    /**
     * Checks what is the same in every version of HTTP.
     *
     * @param contentLength of the body, 0 without one, -1 when its length is not known beforehand
     * @param upgrade the protocol that a tunnel is wanted for, empty when none is
     */
    static Checked check(HttpRequest request, long contentLength, String upgrade) {
        return check(request, contentLength, upgrade, null);
    }

    private static Checked check(HttpRequest request, long contentLength, String upgrade, @Nullable Host last) {
        if (request.method().equals(HttpMethod.CONNECT)) {
            return refused(ClientFault.CONNECT, "");
        }
        HttpHeaders headers = request.headers();
        String lookalike = lookalike(headers);
        if (lookalike != null) {
            return refused(ClientFault.MALFORMED, "a field named " + lookalike);
        }
        boolean expectsContinue = false;
        String expectation = headers.get(HttpHeaderNames.EXPECT);
        boolean before11 = request.protocolVersion().equals(HttpVersion.HTTP_1_0);
        if (expectation != null && !before11) {
            if (!HttpHeaderValues.CONTINUE.contentEqualsIgnoreCase(expectation)) {
                return refused(ClientFault.EXPECTATION, expectation);
            }
            expectsContinue = true;
        }
        List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
        // RFC 9112, 3.2: exactly one since HTTP/1.1.
        if (hosts.size() > 1 || (hosts.isEmpty() && !before11)) {
            return refused(ClientFault.MALFORMED, hosts.size() + " Host fields, expected one");
        }
        String authority = hosts.isEmpty() ? "" : hosts.getFirst();
        String host;
        if (last != null && !authority.isEmpty() && authority.equals(last.authority())) {
            host = last.name();
        } else if (hosts.isEmpty() || isAuthority(authority)) {
            host = hostName(authority);
        } else {
            return refused(ClientFault.MALFORMED, "Host is \"" + authority + '"');
        }
        return target(request, authority, host, contentLength, expectsContinue && contentLength != 0, upgrade);
    }

    /**
     * The method of this name.
     *
     * @throws IllegalArgumentException when it is no token (RFC 9110, 9.1), or CONNECT
     */
    static HttpMethod method(String name) {
        if (!TOKEN.matcher(name).matches() || name.length() > MAX_METHOD_CHARS || name.equals("CONNECT")) {
            throw new IllegalArgumentException("not a method that can be asked for");
        }
        return HttpMethod.valueOf(name);
    }

    /**
     * The same with another target.
     *
     * @param uri in origin form, in any form that paths and queries may have
     * @throws IllegalArgumentException when it has no safe form
     */
    RequestHead to(String uri) {
        // A character an octet, as from a client; what would end a request line never comes from one.
        String octets = new String(uri.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        boolean printable = true;
        for (int i = 0; i < octets.length(); i++) {
            char c = octets.charAt(i);
            printable &= c > ' ' && c != 0x7f;
        }
        int question = octets.indexOf('?');
        String newPath = RequestPath.canonical(question < 0 ? octets : octets.substring(0, question));
        String newQuery = question < 0 ? "" : RequestPath.canonicalQuery(octets.substring(question + 1));
        if (!printable || octets.length() > MAX_URI_CHARS || newPath == null || newQuery == null) {
            throw new IllegalArgumentException("not a target in origin form that can be read in one way alone");
        }
        return new RequestHead(
                method,
                question < 0 ? newPath : newPath + '?' + newQuery,
                newPath,
                newQuery,
                authority,
                host,
                contentLength,
                expectsContinue,
                upgrade);
    }

    /** The same with a body of another length. */
    RequestHead withContentLength(long bytes) {
        return new RequestHead(method, uri, path, query, authority, host, bytes, expectsContinue, upgrade);
    }

    /** What can be told of a request whose header section is refused. */
    static RequestHead unreadable(HttpRequest request) {
        boolean unknown = request instanceof FullHttpRequest;
        return new RequestHead(
                unknown ? "-" : request.method().name(), "-", unknown ? "-" : request.uri(), "", "", "", 0, false, "");
    }

    // Servers that hand fields to CGI and its kin make - and _ the same: a name that is then one that frames a message,
    // or
    // tells who the client is.
    private static @Nullable String lookalike(HttpHeaders headers) {
        Iterator<Map.Entry<CharSequence, CharSequence>> fields = headers.iteratorCharSequence();
        while (fields.hasNext()) {
            CharSequence name = fields.next().getKey();
            if (looksLike(HttpHeaderNames.CONTENT_LENGTH, name)
                    || looksLike(HttpHeaderNames.TRANSFER_ENCODING, name)
                    || looksLike(ClientCertificate.SUBJECT, name)
                    || looksLike(ClientCertificate.FINGERPRINT, name)) {
                return name.toString();
            }
        }
        return null;
    }

    // Whether the letters and digits are the same, and not the whole name.
    private static boolean looksLike(AsciiString framing, CharSequence name) {
        int at = 0;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (!isAlphanumeric(c)) {
                continue;
            }
            if (at < framing.length() && framing.charAt(at) == '-') {
                at++;
            }
            if (at == framing.length() || AsciiString.toLowerCase(c) != framing.charAt(at)) {
                return false;
            }
            at++;
        }
        return at == framing.length() && !framing.contentEqualsIgnoreCase(name);
    }

    private static boolean isAlphanumeric(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }

    private static Checked target(
            HttpRequest request,
            String authority,
            String host,
            long contentLength,
            boolean expectsContinue,
            String upgrade) {
        String uri = request.uri();
        if (uri.isEmpty() || uri.charAt(0) != '/') {
            int afterScheme = uri.regionMatches(true, 0, "http://", 0, 7)
                    ? 7
                    : uri.regionMatches(true, 0, "https://", 0, 8) ? 8 : -1;
            if (afterScheme < 0) {
                return refused(ClientFault.TARGET, "target is in no form that is served");
            }
            int end = afterScheme;
            while (end < uri.length() && uri.charAt(end) != '/' && uri.charAt(end) != '?') {
                end++;
            }
            // RFC 9112, 3.2.2 lets the target win over Host; two different names are refused instead.
            if (!uri.substring(afterScheme, end).equalsIgnoreCase(authority)) {
                return refused(ClientFault.TARGET, "target and Host name different hosts");
            }
            uri = uri.startsWith("/", end) ? uri.substring(end) : "/" + uri.substring(end);
        }
        int question = uri.indexOf('?');
        String path = question < 0 ? uri : uri.substring(0, question);
        String query = question < 0 ? "" : uri.substring(question + 1);
        String canonicalPath = RequestPath.canonical(path);
        String canonicalQuery = RequestPath.canonicalQuery(query);
        if (canonicalPath == null || canonicalQuery == null) {
            return refused(ClientFault.TARGET, "path is ambiguous");
        }
        if (!Objects.equals(path, canonicalPath) || !Objects.equals(query, canonicalQuery)) {
            uri = question < 0 ? canonicalPath : canonicalPath + '?' + canonicalQuery;
        }
        return new Accepted(new RequestHead(
                request.method().name(),
                uri,
                canonicalPath,
                canonicalQuery,
                authority,
                host,
                contentLength,
                expectsContinue,
                upgrade));
    }

    // Whether chunked ends the codings and is among them once, so that only their meaning is unknown (RFC 9112, 6.1).
    private static boolean isFramed(List<String> codings) {
        String[] names = String.join(",", codings).split(",", -1);
        for (int i = 0; i < names.length; i++) {
            String name = names[i].strip();
            boolean last = i == names.length - 1;
            if (!TOKEN.matcher(name).matches() || HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(name) != last) {
                return false;
            }
        }
        return true;
    }

    static Refused refused(ClientFault fault, String detail) {
        return new Refused(new Failure.Client(fault, detail));
    }

    private static ClientFault faultOf(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return ClientFault.LINE_TOO_LONG;
        }
        return cause instanceof TooLongFrameException ? ClientFault.HEADERS_TOO_LARGE : ClientFault.MALFORMED;
    }

    // RFC 9110, 7.2 with the characters that names, addresses and ports are made of.
    private static boolean isAuthority(String value) {
        if (value.isEmpty() || value.length() > MAX_AUTHORITY_CHARS) {
            return false;
        }
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (!isAlphanumeric(c) && !isAuthorityMark(c)) {
                return false;
            }
        }
        int portAt = portAt(value);
        for (int i = portAt + 1; portAt >= 0 && i < value.length(); i++) {
            if (value.charAt(i) < '0' || value.charAt(i) > '9') {
                return false;
            }
        }
        int bracket = value.lastIndexOf('[');
        return bracket < 0
                ? value.indexOf(']') < 0 && value.indexOf(':') == portAt
                : bracket == 0 && value.indexOf(']') > 0;
    }

    private static boolean isAuthorityMark(char c) {
        return switch (c) {
            case '-', '.', '_', '~', ':', '[', ']' -> true;
            default -> false;
        };
    }

    private static String hostName(String authority) {
        int portAt = portAt(authority);
        String name = portAt < 0 ? authority : authority.substring(0, portAt);
        if (name.endsWith(".")) {
            name = name.substring(0, name.length() - 1);
        }
        return name.toLowerCase(Locale.ROOT);
    }

    // the colon before the port, or -1
    private static int portAt(String authority) {
        int colon = authority.lastIndexOf(':');
        return colon > authority.lastIndexOf(']') ? colon : -1;
    }
}
