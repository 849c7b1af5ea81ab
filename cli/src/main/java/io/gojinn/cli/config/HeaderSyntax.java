package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.FieldChanges;
import io.gojinn.proxy.middleware.HeaderRules;
import java.util.List;
import java.util.Map;

/** {@code [middleware.headers]}. */
final class HeaderSyntax {
    private static final Changes REQUEST =
            new Changes("request", HttpSyntax::ownableFieldName, "Changes of requests on their way in.");
    private static final Changes RESPONSE = new Changes(
            "response",
            HttpSyntax::responseFieldName,
            "Changes of responses on their way out, of the proxy's own as well.");
    private static final Schema TABLE = new Schema(
            "[middleware.headers]",
            "Changes of header fields: first those removed, then those set, then those added. Values may hold placeholders, see "
                    + "[middleware](middleware.md).",
            "",
            List.of(REQUEST.table, RESPONSE.table));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("headers", Types.table(TABLE), "Changes header fields."),
            table -> new HeaderRules(REQUEST.of(table), RESPONSE.of(table)),
            HeaderSyntax::check);

    private HeaderSyntax() {}

    private static void check(Section table, CrossChecks checks) {
        REQUEST.check(table, checks);
        RESPONSE.check(table, checks);
    }

    /** The changes of one direction. */
    private static final class Changes {
        private final Key<Map<String, String>> set;
        private final Key<Map<String, String>> add;
        private final Key<List<String>> remove;
        private final Key<Section> table;

        Changes(String direction, Types.Check name, String about) {
            set = Key.defaulted(
                    "set",
                    templates(name),
                    Map.of(),
                    "Fields with their values, in the place of any others of the name.");
            add = Key.defaulted("add", templates(name), Map.of(), "Fields with their values, beside any others.");
            remove = Key.defaulted(
                    "remove",
                    Types.list(Types.checked("the name of a header field", name), "an array of header fields", false),
                    List.of(),
                    "Fields that are taken out.");
            table = Key.optional(
                    direction,
                    Types.table(
                            new Schema("[middleware.headers." + direction + "]", about, "", List.of(set, add, remove))),
                    "Left out: they stay as they are.");
        }

        FieldChanges of(Section headers) {
            Section changes = headers.table(table);
            return new FieldChanges(
                    Templates.parsed(changes.get(set)), Templates.parsed(changes.get(add)), changes.get(remove));
        }

        void check(Section headers, CrossChecks checks) {
            checks.distinctFields(headers.table(table), set);
            checks.distinctFields(headers.table(table), add);
        }
    }

    private static ValueType<Map<String, String>> templates(Types.Check name) {
        return Types.strings("a table of header fields", name, Templates::check);
    }
}
