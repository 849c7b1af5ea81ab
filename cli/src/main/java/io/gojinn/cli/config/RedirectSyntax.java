package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.RedirectRules;
import io.gojinn.proxy.middleware.Template;
import java.util.List;
import java.util.Locale;

/** {@code [middleware.redirect]}. */
final class RedirectSyntax {
    private static final Key<Integer> STATUS = Key.defaulted(
            "status", new OneOf(List.of(301, 302, 303, 307, 308)), 308, "One of 301, 302, 303, 307 and 308.");
    private static final Key<String> SCHEME = Key.optional(
            "scheme",
            Types.choice(List.of("http", "https"), scheme -> scheme),
            "Where clients are sent: `http` or `https`; left out, that of the request.");
    private static final Key<String> HOST = Key.optional(
            "host",
            Types.checked("a host name without port", RedirectSyntax::host),
            "The host; left out, that of the request.");
    private static final Key<Integer> PORT = Key.optional(
            "port",
            Types.integer(1, 65_535),
            "The port; left out, that of the scheme where scheme or host are given, that of the request otherwise.");
    private static final Key<Template> PATH = Key.optional(
            "path",
            Templates.path(),
            "The path, with [placeholders](middleware.md); left out, that of the request, and requests that are there already"
                    + " pass. The query stays.");
    private static final Schema TABLE = new Schema(
            "[middleware.redirect]",
            "Sends clients elsewhere, see [rewriting](rewriting.md).",
            "",
            List.of(STATUS, SCHEME, HOST, PORT, PATH));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("redirect", Types.table(TABLE), "Sends clients elsewhere."),
            table -> new RedirectRules(
                    table.get(STATUS), table.find(SCHEME), table.find(HOST), table.find(PORT), table.find(PATH)),
            RedirectSyntax::check);

    private RedirectSyntax() {}

    private static void host(String text) throws Refused {
        if (!HttpSyntax.isHostName(text) || !text.equals(text.toLowerCase(Locale.ROOT))) {
            throw new Refused("a host name without port, in lower case");
        }
    }

    private static void check(Section table, CrossChecks checks) {
        if (List.of(SCHEME, HOST, PORT, PATH).stream().noneMatch(table::has)) {
            checks.problems().add(table.place(), "nowhere else", "scheme, host, port or path");
        }
    }
}
