package io.gojinn.cli.config;

import io.gojinn.proxy.http.ProxyFields;
import io.gojinn.proxy.route.RequestPath;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** What may stand in routes: methods, fields, and patterns of hosts and paths (RFC 9110, RFC 3986). */
final class HttpSyntax {
    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}");
    private static final Pattern FILE_NAME = Pattern.compile("|[^\\p{Cntrl}./\\\\][^\\p{Cntrl}/\\\\]{0,254}");
    private static final Pattern TYPE_PATTERN =
            Pattern.compile("[A-Za-z0-9.-]{1,64}/([A-Za-z0-9.+-]{1,128}|\\*)|\\*\\+[A-Za-z0-9.-]{1,64}");
    private static final Pattern FIELD_VALUE = Pattern.compile("|[\\x21-\\x7E]([\\x20-\\x7E\\t]*[\\x21-\\x7E])?");
    private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?");
    private static final Pattern SEGMENT = Pattern.compile("([A-Za-z0-9._~!$&'()+,;=:@-]|%[0-9A-Fa-f]{2})*");
    private static final Pattern QUERY = Pattern.compile("([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*");
    private static final Pattern CAPTURE = Pattern.compile("\\{[A-Za-z_][A-Za-z0-9_]{0,63}}");
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH");
    private static final Set<String> FRAMING = Set.of(
            "connection",
            "content-length",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");
    private static final int LONGEST_HOST = 253;

    private HttpSyntax() {}

    static void method(String text) throws Refused {
        String upper = text.toUpperCase(Locale.ROOT);
        if (!TOKEN.matcher(text).matches()) {
            throw new Refused("a method such as \"GET\"");
        }
        if (METHODS.contains(upper) && !METHODS.contains(text)) {
            throw new Refused("a method; their case counts (RFC 9110, 9.1)", upper);
        }
    }

    /** A protocol of the Upgrade field, in lower case. */
    static String upgrade(String text) throws Refused {
        String protocol = text.toLowerCase(Locale.ROOT);
        if (!TOKEN.matcher(text.replace('/', '-')).matches()) {
            throw new Refused("a protocol such as \"websocket\" (RFC 9110, 7.8)");
        }
        if (protocol.equals("h2c")) {
            throw new Refused("a protocol other than h2c, which would carry requests past this proxy");
        }
        return protocol;
    }

    static void fieldName(String text) throws Refused {
        if (!TOKEN.matcher(text).matches()) {
            throw new Refused("the name of a header field (RFC 9110, 5.1)");
        }
    }

    /** A field of a response: not one of those that frame the message, which the proxy itself writes. */
    static void responseFieldName(String text) throws Refused {
        fieldName(text);
        if (FRAMING.contains(text.toLowerCase(Locale.ROOT))) {
            throw new Refused("a field that does not frame the message");
        }
    }

    /** A request field that a middleware may be the only one to set: none that requests cannot do without. */
    static void ownableFieldName(String text) throws Refused {
        responseFieldName(text);
        if (ProxyFields.isOfRequest(text)) {
            throw new Refused("a field that is not the proxy's own");
        }
    }

    /** The plain name of a file that may be shown. */
    static void fileNameOrNothing(String text) throws Refused {
        if (!FILE_NAME.matcher(text).matches()) {
            throw new Refused("the name of a file without folders, which does not begin with a dot");
        }
    }

    /** A media type, all types of a family, or all with a suffix. */
    static void typePattern(String text) throws Refused {
        if (!TYPE_PATTERN.matcher(text).matches()) {
            throw new Refused("a media type such as \"text/html\", \"text/*\" or \"*+json\"");
        }
    }

    static void fieldValue(String text) throws Refused {
        if (!FIELD_VALUE.matcher(text).matches()) {
            throw new Refused("visible ASCII with no space at its ends (RFC 9110, 5.5)");
        }
    }

    static void parameterName(String text) throws Refused {
        if (text.isEmpty()) {
            throw new Refused("the name of a query parameter");
        }
        parameterValue(text);
    }

    static void parameterValue(String text) throws Refused {
        if (!text.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
            throw new Refused("printable ASCII");
        }
    }

    static void hostPattern(String text) throws Refused {
        String expected = "a host name without port, or *. and a host name";
        String name = text.startsWith("*.") ? text.substring(2) : text;
        boolean literal = text.startsWith("[") && text.endsWith("]") && Addresses.isLiteral(text);
        if (!literal && !isHostName(name)) {
            throw new Refused(expected);
        }
    }

    static void hostName(String text) throws Refused {
        if (!isHostName(text)) {
            throw new Refused("a host name");
        }
    }

    static boolean isHostName(String name) {
        if (name.isEmpty() || name.length() > LONGEST_HOST) {
            return false;
        }
        for (String label : name.split("\\.", -1)) {
            if (!LABEL.matcher(label).matches()) {
                return false;
            }
        }
        return true;
    }

    static void pathPattern(String text) throws Refused {
        if (!text.startsWith("/")) {
            throw new Refused("a path that starts with /");
        }
        String fixed = text.endsWith("/*") ? text.substring(0, text.length() - 2) : text;
        Set<String> captures = new HashSet<>();
        for (String segment : fixed.split("/", -1)) {
            if (CAPTURE.matcher(segment).matches()) {
                if (!captures.add(segment)) {
                    throw new Refused("captures with different names");
                }
            } else if (!SEGMENT.matcher(segment).matches()) {
                throw new Refused("a path of plain segments and {name} segments, with * only as its last segment");
            } else if (segment.equals(".") || segment.equals("..")) {
                throw new Refused("a path without . and .. segments");
            }
        }
        // A prefix is held against the path it begins: /a//* would take what begins with /a//, which nothing does.
        String begin = text.endsWith("/*") ? fixed + "/" : fixed;
        String sample = begin.replace('{', '_').replace('}', '_');
        String canonical = RequestPath.canonical(sample);
        if (canonical == null) {
            throw new Refused("a path that requests can have, see routing.md");
        }
        if (!canonical.equals(sample)) {
            throw new Refused("a path in the one form that requests are brought into, see routing.md");
        }
    }

    /** A path that is put before others or taken from them: whole segments, in the one form that paths have here. */
    static void prefix(String text) throws Refused {
        path(text);
        if (text.endsWith("/")) {
            throw new Refused("a path that starts with / and does not end with it");
        }
    }

    /** A path without wildcards and captures, in the one form that paths have here. */
    static void path(String text) throws Refused {
        if (!text.startsWith("/") || !isPlain(text) || !text.equals(RequestPath.canonical(text))) {
            throw new Refused(
                    "a path that starts with /, in the one form that requests are brought into, see routing.md");
        }
    }

    static void plainPath(String text) throws Refused {
        if (!text.startsWith("/") || text.length() < 2 || !isPlain(text)) {
            throw new Refused("a path that starts with /, without wildcards or captures");
        }
    }

    /** A path with or without a query, as a request line has it (RFC 9112, 3.2.1). */
    static void originForm(String text) throws Refused {
        int question = text.indexOf('?');
        String path = question < 0 ? text : text.substring(0, question);
        String query = question < 0 ? "" : text.substring(question + 1);
        if (!text.startsWith("/") || !isPlain(path) || !QUERY.matcher(query).matches()) {
            throw new Refused("a path that starts with /, with a query or without");
        }
    }

    private static boolean isPlain(String path) {
        for (String segment : path.split("/", -1)) {
            if (!SEGMENT.matcher(segment).matches()) {
                return false;
            }
        }
        return true;
    }

    static void location(String text) throws Refused {
        String expected = "an absolute URI with http or https, or an absolute path";
        try {
            fieldValue(text);
            URI uri = new URI(text);
            boolean path = text.startsWith("/") && !text.startsWith("//");
            boolean absolute = uri.getRawAuthority() != null
                    && ("http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme()));
            if (!path && !absolute) {
                throw new Refused(expected);
            }
        } catch (URISyntaxException e) {
            throw new Refused(expected);
        }
    }
}
