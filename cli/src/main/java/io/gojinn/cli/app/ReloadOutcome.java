package io.gojinn.cli.app;

import java.util.List;

/** What became of a reload. */
sealed interface ReloadOutcome {
    /**
     * The config is served.
     *
     * @param generation how many configs have been served, this one included
     * @param unapplied what was changed and needs a restart, a line each
     */
    record Applied(int generation, List<String> unapplied) implements ReloadOutcome {
        public Applied {
            unapplied = List.copyOf(unapplied);
        }
    }

    /**
     * The config cannot be served; the one before is, as if nothing had been asked for.
     *
     * @param problems at least one, as {@code gojinn check} prints them
     */
    record Refused(List<String> problems) implements ReloadOutcome {
        public Refused {
            problems = List.copyOf(problems);
        }
    }
}
