package io.gojinn.cli.config;

import java.time.Duration;

/**
 * How changed files are noticed: the config, certificates and their keys, modules, and what placeholders name.
 *
 * @param enabled false: nobody looks
 * @param interval between two looks; what has not changed from one to the next is complete
 */
public record WatchConfig(boolean enabled, Duration interval) {
    /** Every second. */
    public static WatchConfig defaults() {
        return new WatchConfig(true, Duration.ofSeconds(1));
    }
}
