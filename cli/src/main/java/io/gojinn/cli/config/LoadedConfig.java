package io.gojinn.cli.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** What became of a config file. */
public sealed interface LoadedConfig {
    /**
     * Nothing is wrong with it.
     *
     * @param files what was read: the file itself, and those that its placeholders name
     */
    record Accepted(GojinnConfig config, Set<Path> files) implements LoadedConfig {
        public Accepted {
            files = Set.copyOf(files);
        }
    }

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
