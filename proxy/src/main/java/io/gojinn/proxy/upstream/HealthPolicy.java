package io.gojinn.proxy.upstream;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How the targets of an upstream are asked whether they are well.
 *
 * @param path what is asked for
 * @param host the Host of the question; left out, that of the target
 * @param interval between two checks of a target, give or take a tenth
 * @param timeout for connection and response header section, together
 * @param healthy so many good answers in a row make an unhealthy target healthy
 * @param unhealthy so many bad ones in a row make a healthy target unhealthy; the very first answer decides alone
 * @param statuses which answers are good
 */
public record HealthPolicy(
        String path,
        Optional<String> host,
        Duration interval,
        Duration timeout,
        int healthy,
        int unhealthy,
        List<StatusRange> statuses) {
    public HealthPolicy {
        statuses = List.copyOf(statuses);
    }

    /** Statuses from one to another, both included. */
    public record StatusRange(int first, int last) {
        boolean contains(int status) {
            return first <= status && status <= last;
        }
    }

    boolean accepts(int status) {
        for (StatusRange range : statuses) {
            if (range.contains(status)) {
                return true;
            }
        }
        return false;
    }
}
