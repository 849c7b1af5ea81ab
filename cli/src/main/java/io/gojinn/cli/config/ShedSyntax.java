package io.gojinn.cli.config;

import io.gojinn.proxy.middleware.MiddlewareKind;
import java.util.List;

/** How the shedding of load is written. */
final class ShedSyntax {
    private static final MiddlewareKind.Shedding DEFAULTS = MiddlewareKind.Shedding.defaults();

    private static final Key<Double> TOLERANCE = Key.defaulted(
            "tolerance",
            new Factor(1, 10),
            DEFAULTS.tolerance(),
            "How many times as long as without a queue answers may take.");
    private static final Key<Integer> INITIAL = Key.defaulted(
            "initial",
            Types.integer(1, 1_000_000),
            DEFAULTS.initial(),
            "Requests at once before anything is known; doubled until answers slow down.");
    private static final Key<Integer> LEAST = Key.defaulted(
            "least", Types.integer(1, 1_000_000), DEFAULTS.least(), "So many at once are let through in any case.");
    private static final Key<Integer> MOST = Key.defaulted(
            "most",
            Types.integer(1, 1_000_000),
            DEFAULTS.most(),
            "The most requests at once, however fast answers are.");
    private static final Schema TABLE = new Schema(
            "[middleware.shed]",
            "Refuses requests when there are more than can be answered in time, see [traffic](traffic.md).",
            "",
            List.of(TOLERANCE, INITIAL, LEAST, MOST));
    static final MiddlewareSyntax KIND = new MiddlewareSyntax(
            Key.optional("shed", Types.table(TABLE), "Refuses what cannot be answered in time; `{}` for the defaults."),
            table -> new MiddlewareKind.Shedding(
                    table.get(TOLERANCE), table.get(INITIAL), table.get(LEAST), table.get(MOST)),
            ShedSyntax::check);

    private ShedSyntax() {}

    private static void check(Section shed, CrossChecks checks) {
        int least = shed.find(LEAST).orElse(DEFAULTS.least());
        int initial = shed.find(INITIAL).orElse(DEFAULTS.initial());
        int most = shed.find(MOST).orElse(DEFAULTS.most());
        if (least > initial || initial > most) {
            checks.problems()
                    .add(
                            shed.place(),
                            "least = " + least + ", initial = " + initial + ", most = " + most,
                            "least up to initial up to most");
        }
    }
}
