package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.PasswordRules;
import io.gojinn.proxy.middleware.Secret;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code [middleware.basic_auth]}. */
final class PasswordSyntax {
    // A higher cost would keep a processor for more than a second; a lower one is guessed too fast.
    private static final Pattern HASH = Pattern.compile("\\$2[aby]\\$(0[5-9]|1[0-4])\\$[./A-Za-z0-9]{53}");
    private static final String EXPECTED =
            "a bcrypt hash of cost 5 to 14, as `htpasswd -nBC 10 name` prints it behind the name";

    private static final Key<String> REALM = Key.defaulted(
            "realm",
            Types.checked("visible ASCII without quotes", PasswordSyntax::realm),
            "restricted",
            "What is shown to who is asked.");
    private static final Key<Map<String, Secret>> USERS = Key.defaulted(
            "users",
            Types.entries(
                    "a table of names and hashes",
                    PasswordSyntax::user,
                    Types.secret("a bcrypt hash", PasswordSyntax::hash)),
            Map.of(),
            "Names with the bcrypt hashes of their passwords.");
    private static final Key<Secret> HTPASSWD = Key.optional(
            "htpasswd",
            Types.secret("lines of a name, a colon and a bcrypt hash", PasswordSyntax::lines),
            "The same as lines of `name:hash`; `${file:users.htpasswd}` takes them from a file.");
    private static final Key<String> USER_HEADER = Key.optional(
            "user_header",
            Types.checked("the name of a header field", HttpSyntax::ownableFieldName),
            "The request field that tells the upstream who it is; no client can send it.");
    private static final Schema TABLE = new Schema(
            "[middleware.basic_auth]",
            "Asks for a name and a password (RFC 7617), see [access](access.md).",
            "",
            List.of(REALM, USERS, HTPASSWD, USER_HEADER));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("basic_auth", Types.table(TABLE), "Asks for a name and a password."),
            table -> new PasswordRules(table.get(REALM), users(table), table.find(USER_HEADER)),
            PasswordSyntax::check);

    private PasswordSyntax() {}

    private static Map<String, Secret> users(Section table) {
        Map<String, Secret> users = new LinkedHashMap<>(table.get(USERS));
        table.find(HTPASSWD)
                .ifPresent(text -> text.text()
                        .lines()
                        .filter(line -> !line.isBlank())
                        .forEach(line -> users.put(
                                line.substring(0, line.indexOf(':')),
                                new Secret(line.substring(line.indexOf(':') + 1)))));
        return users;
    }

    private static void check(Section table, CrossChecks checks) {
        boolean none = table.find(USERS).orElse(Map.of()).isEmpty()
                && table.find(HTPASSWD).map(text -> text.text().isBlank()).orElse(true);
        if (none && !checks.problems().existBelow(table.place())) {
            checks.problems().add(table.place(), "nobody", "users or htpasswd");
        }
    }

    private static void realm(String text) throws Refused {
        HttpSyntax.fieldValue(text);
        if (text.indexOf('"') >= 0 || text.indexOf('\\') >= 0) {
            throw new Refused("visible ASCII without quotes and backslashes");
        }
    }

    private static void user(String name) throws Refused {
        if (name.isEmpty() || name.length() > 128 || name.chars().anyMatch(c -> c == ':' || c < ' ' || c == 0x7f)) {
            throw new Refused("a name of 1 to 128 characters without colon (RFC 7617, 2)");
        }
    }

    private static void hash(String text) throws Refused {
        Matcher matcher = HASH.matcher(text);
        if (!matcher.matches()) {
            throw new Refused(EXPECTED);
        }
    }

    private static void lines(String text) throws Refused {
        for (String line : text.lines().toList()) {
            int colon = line.indexOf(':');
            if (!line.isBlank()) {
                user(line.substring(0, Math.max(0, colon)));
                hash(line.substring(colon + 1));
            }
        }
    }
}
