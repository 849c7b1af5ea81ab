package io.gojinn.proxy.middleware;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A value with places that a request fills: {@code {client}}, {@code {host}}, {@code {scheme}}, {@code {method}}, {@code {path}},
 * {@code {query}}, {@code {route}}, {@code {trace_id}}, {@code {param.NAME}} for a capture of the path and {@code {header.NAME}} for a
 * request field. <code>{{</code> and <code>}}</code> stand for braces. What a request does not have is empty.
 */
public record Template(List<Part> parts) {
    /** What may stand in a template, for messages. */
    public static final String PLACEHOLDERS =
            "{client}, {host}, {scheme}, {method}, {path}, {query}, {route}, {trace_id}, "
                    + "{param.NAME}, {header.NAME}, or {{ and }} for braces";

    // Braces alone fit nothing but the last.
    private static final Pattern PART = Pattern.compile("(\\{\\{)|(}})|\\{([a-z_]+)(?:\\.([^{}]+))?}|([^{}]+)|(.)");

    public Template {
        parts = List.copyOf(parts);
    }

    /** A piece of a template. */
    public sealed interface Part {
        /** Text as it is. */
        record Text(String text) implements Part {}

        /** Something that every request has. */
        record Variable(Of of) implements Part {}

        /** A capture of the path, decoded. */
        record Param(String name) implements Part {}

        /** A request field as the client sent it, or as middleware before has changed it; the first of several. */
        record Header(String name) implements Part {}
    }

    /** What every request has. */
    public enum Of {
        CLIENT,
        HOST,
        SCHEME,
        METHOD,
        PATH,
        QUERY,
        ROUTE,
        TRACE_ID
    }

    /**
     * Reads a template.
     *
     * @throws IllegalArgumentException when a brace or a placeholder is none of those that there are; says which
     */
    public static Template parse(String text) {
        List<Part> parts = new ArrayList<>();
        Matcher matcher = PART.matcher(text);
        while (matcher.find()) {
            if (matcher.group(1) != null) {
                parts.add(new Part.Text("{"));
            } else if (matcher.group(2) != null) {
                parts.add(new Part.Text("}"));
            } else if (matcher.group(3) != null) {
                parts.add(placeholder(matcher));
            } else if (matcher.group(5) != null) {
                parts.add(new Part.Text(matcher.group(5)));
            } else {
                throw new IllegalArgumentException("\"" + matcher.group(6) + "\" alone, expected " + PLACEHOLDERS);
            }
        }
        return new Template(parts);
    }

    private static Part placeholder(Matcher matcher) {
        String kind = matcher.group(3);
        String name = matcher.group(4);
        if (name == null) {
            for (Of of : Of.values()) {
                if (of.name().toLowerCase(Locale.ROOT).equals(kind)) {
                    return new Part.Variable(of);
                }
            }
        } else if (kind.equals("param")) {
            return new Part.Param(name);
        } else if (kind.equals("header")) {
            return new Part.Header(name);
        }
        throw new IllegalArgumentException(matcher.group() + ", expected " + PLACEHOLDERS);
    }

    /** As it was written. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Part part : parts) {
            switch (part) {
                case Part.Text(String plain) ->
                    text.append(plain.replace("{", "{{").replace("}", "}}"));
                case Part.Variable(Of of) ->
                    text.append('{').append(of.name().toLowerCase(Locale.ROOT)).append('}');
                case Part.Param(String name) ->
                    text.append("{param.").append(name).append('}');
                case Part.Header(String name) ->
                    text.append("{header.").append(name).append('}');
            }
        }
        return text.toString();
    }
}
