package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.ErrorPageRules;
import io.gojinn.proxy.middleware.ErrorPageRules.Statuses;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code [middleware.error_pages]}. */
final class ErrorPageSyntax {
    private static final Pattern STATUSES = Pattern.compile("([45][0-9]{2})(?:-([45][0-9]{2}))?");

    private static final Key<Map<String, String>> PAGES = Key.required(
            "pages",
            Types.strings("a table of statuses and pages", ErrorPageSyntax::status, text -> {}),
            "Pages by status: `404 = \"...\"`, `\"500-599\" = \"${file:errors/5xx.html}\"`; the narrowest range counts.");
    private static final Key<String> CONTENT_TYPE = Key.defaulted(
            "content_type",
            Types.checked("a media type", HttpSyntax::fieldValue),
            "text/html; charset=utf-8",
            "Of all pages.");
    private static final Key<Boolean> RESPONSES = Key.defaulted(
            "responses",
            Types.flag(),
            false,
            "`true`: what the upstream or function answers with such a status is replaced too, not the proxy's own alone.");
    private static final Schema TABLE = new Schema(
            "[middleware.error_pages]",
            "Puts pages in the place of what errors are answered with, see [rewriting](rewriting.md).",
            "",
            List.of(PAGES, CONTENT_TYPE, RESPONSES));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional(
                    "error_pages", Types.table(TABLE), "Puts pages in the place of what errors are answered with."),
            table -> new ErrorPageRules(pages(table), table.get(CONTENT_TYPE), table.get(RESPONSES)),
            ErrorPageSyntax::check);

    private ErrorPageSyntax() {}

    private static Map<Statuses, String> pages(Section table) {
        Map<Statuses, String> pages = new LinkedHashMap<>();
        table.get(PAGES).forEach((statuses, page) -> {
            Matcher matcher = STATUSES.matcher(statuses);
            if (matcher.matches()) {
                int first = Integer.parseInt(matcher.group(1));
                pages.put(
                        new Statuses(first, matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2))),
                        page);
            }
        });
        return pages;
    }

    private static void check(Section table, CrossChecks checks) {
        table.find(PAGES)
                .filter(pages -> pages.isEmpty() && !checks.problems().existBelow(table.placeOf(PAGES)))
                .ifPresent(none -> checks.problems().add(table.placeOf(PAGES), "no pages", "at least one"));
    }

    private static void status(String text) throws Refused {
        Matcher matcher = STATUSES.matcher(text);
        if (!matcher.matches()
                || (matcher.group(2) != null
                        && Integer.parseInt(matcher.group(2)) < Integer.parseInt(matcher.group(1)))) {
            throw new Refused("a status of an error such as \"404\", or two such as \"500-599\"");
        }
    }
}
