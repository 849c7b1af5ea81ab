package io.gojinn.proxy.sticky;

import java.time.Duration;
import java.util.Optional;

/**
 * That clients are led back, and by which cookie.
 *
 * @param cookie its name, a token (RFC 6265, 4.1.1)
 * @param maxAge how long the client keeps it; left out, until it is closed
 * @param secret what values are made with, so that several processes understand the same; left out, each process has its own
 */
public record StickyPolicy(String cookie, Optional<Duration> maxAge, Optional<String> secret) {
    /** Without the secret. */
    @Override
    public String toString() {
        return "StickyPolicy[cookie=" + cookie + ", maxAge=" + maxAge + "]";
    }
}
