package io.gojinn.cli.config;

import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.middleware.AddressRules;
import java.util.List;

/** {@code [middleware.addresses]}. */
final class AddressSyntax {
    private static final Key<List<AddressRange>> ALLOW = Key.defaulted(
            "allow", Types.addressRanges(), List.of(), "Who passes: nobody else does, where this is not empty.");
    private static final Key<List<AddressRange>> DENY =
            Key.defaulted("deny", Types.addressRanges(), List.of(), "Who does not pass, even if allowed.");
    private static final Schema TABLE = new Schema(
            "[middleware.addresses]",
            "Which clients pass, by their [address](client-address.md); others are answered 403.",
            "",
            List.of(ALLOW, DENY));

    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("addresses", Types.table(TABLE), "Lets clients pass by their address."),
            table -> new AddressRules(table.get(ALLOW), table.get(DENY)),
            AddressSyntax::check);

    private AddressSyntax() {}

    private static void check(Section table, CrossChecks checks) {
        if (!table.has(ALLOW) && !table.has(DENY)) {
            checks.problems().add(table.place(), "nobody", "allow or deny");
        }
    }
}
