package io.gojinn.cli.config;

import java.util.List;

/** What became of a config file. */
public sealed interface LoadedConfig {
    /** Nothing is wrong with it. */
    record Accepted(GojinnConfig config) implements LoadedConfig {}

    /**
     * It cannot be used.
     *
     * @param problems at least one, in the order of the file
     */
    record Rejected(List<Problem> problems) implements LoadedConfig {
        public Rejected {
            problems = List.copyOf(problems);
        }
    }
}
