package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.RewriteRules;
import io.gojinn.proxy.middleware.Template;
import java.util.List;
import java.util.Map;

/** {@code [middleware.rewrite]}. */
final class RewriteSyntax {
    private static final Key<String> STRIP_PREFIX = Key.optional(
            "strip_prefix",
            Types.checked("a path such as \"/api\"", HttpSyntax::prefix),
            "Taken from the beginning of the path, whole segments; other paths stay.");
    private static final Key<String> ADD_PREFIX = Key.optional(
            "add_prefix",
            Types.checked("a path such as \"/v2\"", HttpSyntax::prefix),
            "Put before the path, after that.");
    private static final Key<Template> PATH = Key.optional(
            "path",
            Templates.path(),
            "Takes the place of the path, with [placeholders](middleware.md): `/items/{param.id}`. What they stand for is"
                    + " percent-encoded, so that it stays within its segment.");
    private static final Key<Map<String, String>> SET_QUERY = Key.defaulted(
            "set_query",
            Types.strings("a table of query parameters", HttpSyntax::parameterName, Templates::check),
            Map.of(),
            "Parameters with their values, in the place of any others of the name; values may hold placeholders.");
    private static final Key<List<String>> REMOVE_QUERY = Key.defaulted(
            "remove_query",
            Types.list(
                    Types.checked("the name of a query parameter", HttpSyntax::parameterName),
                    "an array of query parameters",
                    false),
            List.of(),
            "Parameters that are taken out, however their names are encoded.");
    private static final Schema TABLE = new Schema(
            "[middleware.rewrite]",
            "Changes what the action is asked for, see [rewriting](rewriting.md).",
            "",
            List.of(STRIP_PREFIX, ADD_PREFIX, PATH, SET_QUERY, REMOVE_QUERY));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("rewrite", Types.table(TABLE), "Changes what the action is asked for."),
            table -> new RewriteRules(
                    table.find(STRIP_PREFIX),
                    table.find(ADD_PREFIX),
                    table.find(PATH),
                    Templates.parsed(table.get(SET_QUERY)),
                    table.get(REMOVE_QUERY)),
            RewriteSyntax::check);

    private RewriteSyntax() {}

    private static void check(Section table, CrossChecks checks) {
        if (table.has(PATH) && (table.has(STRIP_PREFIX) || table.has(ADD_PREFIX))) {
            checks.problems().add(table.placeOf(PATH), "path beside a prefix", "one of them");
        }
        if (List.of(STRIP_PREFIX, ADD_PREFIX, PATH, SET_QUERY, REMOVE_QUERY).stream()
                .noneMatch(table::has)) {
            checks.problems().add(table.place(), "nothing to change", "at least one key");
        }
    }
}
