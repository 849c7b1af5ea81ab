package io.gojinn.proxy.policy;

import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.middleware.Template;
import org.jspecify.annotations.Nullable;

/** Fills templates. */
final class Templates {
    private Templates() {}

    /**
     * A value for a field. A capture of the path may hold anything once it is decoded: what a field value cannot carry is
     * percent-encoded again, so that no request can begin another field.
     */
    static String fieldValue(Template template, Exchange exchange) {
        if (template.parts().size() == 1 && template.parts().getFirst() instanceof Template.Part.Text(String text)) {
            return text;
        }
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
