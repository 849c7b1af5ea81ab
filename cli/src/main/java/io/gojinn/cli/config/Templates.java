package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.Template;
import java.util.LinkedHashMap;
import java.util.Map;

/** Values with placeholders. */
final class Templates {
    private Templates() {}

    /** Passes what can be a value of a field or a parameter once it is filled. */
    static void check(String text) throws Refused {
        HttpSyntax.fieldValue(text);
        parse(text);
    }

    /** A path, without query. */
    static ValueType<Template> path() {
        return Types.parsed(
                "a path with placeholders",
                (text, decoding) -> {
                    Template template = parse(text);
                    StringBuilder sample = new StringBuilder();
                    for (Template.Part part : template.parts()) {
                        sample.append(part instanceof Template.Part.Text(String plain) ? plain : "x");
                    }
                    // One that only {path} begins does so with a slash.
                    boolean begins = !template.parts().isEmpty()
                            && template.parts().getFirst() instanceof Template.Part.Variable(Template.Of of)
                            && of == Template.Of.PATH;
                    HttpSyntax.path(begins ? "/" + sample : sample.toString());
                    return template;
                },
                template -> "\"" + template + "\"");
    }

    static Map<String, Template> parsed(Map<String, String> values) {
        Map<String, Template> templates = new LinkedHashMap<>();
        values.forEach((name, value) -> templates.put(name, Template.parse(value)));
        return templates;
    }

    private static Template parse(String text) throws Refused {
        try {
            return Template.parse(text);
        } catch (IllegalArgumentException malformed) {
            throw new Refused("a value with placeholders: " + Template.PLACEHOLDERS);
        }
    }
}
