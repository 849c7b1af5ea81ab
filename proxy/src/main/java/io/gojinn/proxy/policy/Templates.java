package io.gojinn.proxy.policy;

import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.middleware.Template;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Fills templates. */
final class Templates {
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private Templates() {}

    /**
     * A value for a field. A capture of the path may hold anything once it is decoded: what a field value cannot carry is
     * percent-encoded again, so that no request can begin another field.
     */
    static String fieldValue(Template template, Exchange exchange) {
        StringBuilder value = new StringBuilder();
        for (Template.Part part : template.parts()) {
            switch (part) {
                case Template.Part.Text(String text) -> value.append(text);
                case Template.Part.Variable(Template.Of of) -> append(value, variable(of, exchange));
                case Template.Part.Param(String name) ->
                    append(value, exchange.params().get(name));
                case Template.Part.Header(String name) ->
                    append(value, exchange.request().headers().get(name));
            }
        }
        return value.toString().strip();
    }

    /**
     * A path. What a request fills in is percent-encoded, a path but for that of the request, so that nothing begins another
     * segment, a query or a host.
     */
    static String path(Template template, Exchange exchange) {
        StringBuilder path = new StringBuilder();
        for (Template.Part part : template.parts()) {
            switch (part) {
                case Template.Part.Text(String text) -> path.append(text);
                case Template.Part.Variable(Template.Of of) ->
                    path.append(of == Template.Of.PATH ? exchange.path() : component(variable(of, exchange)));
                case Template.Part.Param(String name) ->
                    path.append(component(exchange.params().get(name)));
                case Template.Part.Header(String name) ->
                    path.append(component(exchange.request().headers().get(name)));
            }
        }
        return path.toString();
    }

    /** The value of a query parameter. */
    static String queryValue(Template template, Exchange exchange) {
        StringBuilder value = new StringBuilder();
        for (Template.Part part : template.parts()) {
            value.append(component(
                    switch (part) {
                        case Template.Part.Text(String text) -> text;
                        case Template.Part.Variable(Template.Of of) -> variable(of, exchange);
                        case Template.Part.Param(String name) ->
                            exchange.params().get(name);
                        case Template.Part.Header(String name) ->
                            exchange.request().headers().get(name);
                    }));
        }
        return value.toString();
    }

    /** Text with all percent-encoded that is not unreserved (RFC 3986, 2.3). */
    static String component(@Nullable String text) {
        StringBuilder encoded = new StringBuilder();
        for (byte octet : (text == null ? "" : text).getBytes(StandardCharsets.UTF_8)) {
            boolean unreserved = (octet >= 'a' && octet <= 'z')
                    || (octet >= 'A' && octet <= 'Z')
                    || (octet >= '0' && octet <= '9')
                    || octet == '-'
                    || octet == '.'
                    || octet == '_'
                    || octet == '~';
            if (unreserved) {
                encoded.append((char) octet);
            } else {
                encoded.append('%').append(HEX.toHexDigits(octet));
            }
        }
        return encoded.toString();
    }

    private static String variable(Template.Of of, Exchange exchange) {
        return switch (of) {
            case CLIENT -> exchange.clientAddress();
            case HOST -> exchange.authority();
            case SCHEME -> exchange.scheme();
            case METHOD -> exchange.request().method().name();
            case PATH -> exchange.path();
            case QUERY -> exchange.query();
            case ROUTE -> exchange.route();
            case TRACE_ID -> exchange.trace().traceId();
        };
    }

    private static void append(StringBuilder value, @Nullable String text) {
        if (text != null) {
            FieldText.append(value, text);
        }
    }
}
