package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.CertificateRules;
import io.gojinn.proxy.policy.CertificateFilter;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.security.auth.x500.X500Principal;

/** {@code [middleware.client_certificate]}. */
final class CertificateSyntax {
    private static final Pattern NAME = Pattern.compile("(DNS|URI|email):[\\x21-\\x7E]{1,1024}");
    private static final Pattern FINGERPRINT = Pattern.compile("[0-9A-Fa-f]{64}|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}");

    private static final Key<List<X500Principal>> SUBJECTS = Key.defaulted(
            "subjects",
            Types.list(
                    Types.parsed(
                            "a distinguished name such as \"CN=build,O=Example\"",
                            (text, decoding) -> subject(text),
                            X500Principal::getName),
                    "an array of distinguished names",
                    false),
            List.of(),
            "Distinguished names (RFC 2253), compared as a whole.");
    private static final Key<List<String>> NAMES = Key.defaulted(
            "names",
            Types.list(
                    Types.checked(
                            "an alternative name such as \"DNS:build.example.com\" or \"URI:spiffe://example.com/build\"",
                            CertificateSyntax::name),
                    "an array of alternative names",
                    false),
            List.of(),
            "Alternative names, with `DNS:`, `URI:` or `email:` before each; no wildcards.");
    private static final Key<List<String>> FINGERPRINTS = Key.defaulted(
            "fingerprints",
            Types.list(
                    Types.checked("a SHA-256 fingerprint of 64 hex digits", CertificateSyntax::fingerprint),
                    "an array of fingerprints",
                    false),
            List.of(),
            "SHA-256 of certificates, as `openssl x509 -noout -fingerprint -sha256` prints it.");
    private static final Schema TABLE = new Schema(
            "[middleware.client_certificate]",
            "Lets clients pass whose certificate fits any of these, see [access](access.md).",
            "",
            List.of(SUBJECTS, NAMES, FINGERPRINTS));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("client_certificate", Types.table(TABLE), "Lets clients pass by their certificate."),
            table -> new CertificateRules(
                    List.copyOf(table.get(SUBJECTS)).stream().collect(Collectors.toUnmodifiableSet()),
                    table.get(NAMES).stream()
                            .map(CertificateFilter::comparable)
                            .collect(Collectors.toUnmodifiableSet()),
                    table.get(FINGERPRINTS).stream()
                            .map(text -> text.replace(":", "").toLowerCase(Locale.ROOT))
                            .collect(Collectors.toUnmodifiableSet())),
            CertificateSyntax::check);

    private CertificateSyntax() {}

    private static void check(Section table, CrossChecks checks) {
        boolean none = table.find(SUBJECTS).orElse(List.of()).isEmpty()
                && table.find(NAMES).orElse(List.of()).isEmpty()
                && table.find(FINGERPRINTS).orElse(List.of()).isEmpty();
        if (none && !checks.problems().existBelow(table.place())) {
            checks.problems().add(table.place(), "nobody", "subjects, names or fingerprints");
        }
        checks.clientCertificates(table.place());
    }

    private static X500Principal subject(String text) throws Refused {
        try {
            return new X500Principal(text);
        } catch (IllegalArgumentException malformed) {
            throw new Refused("a distinguished name such as \"CN=build,O=Example\"");
        }
    }

    private static void name(String text) throws Refused {
        if (!NAME.matcher(text).matches() || text.contains("*")) {
            throw new Refused("DNS:, URI: or email: and a name without wildcards");
        }
    }

    private static void fingerprint(String text) throws Refused {
        if (!FINGERPRINT.matcher(text).matches()) {
            throw new Refused("64 hex digits, with colons between bytes or without");
        }
    }
}
