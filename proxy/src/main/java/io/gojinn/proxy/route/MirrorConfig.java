package io.gojinn.proxy.route;

import java.time.Duration;

/**
 * That copies of a route's requests go to another upstream.
 *
 * @param upstream its name
 * @param share the part of the requests that is copied, chosen by chance; above 0, at most 1
 * @param maxBodyBytes a request with a larger body is not copied
 * @param requests the most copies at once, from the first byte of the original to the end of the copy's answer; a further request is
 *     not copied
 * @param timeout for a copy, from when it is sent to the end of its answer
 */
public record MirrorConfig(String upstream, double share, int maxBodyBytes, int requests, Duration timeout) {
    public MirrorConfig {
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("share is " + share + ", expected more than 0, at most 1");
        }
        if (maxBodyBytes < 0 || requests < 1) {
            throw new IllegalArgumentException("maxBodyBytes and requests are " + maxBodyBytes + " and " + requests
                    + ", expected at least 0 and 1");
        }
    }

    /** What holds where nothing else is said. */
    public static MirrorConfig to(String upstream) {
        return new MirrorConfig(upstream, 1, 64 << 10, 100, Duration.ofSeconds(5));
    }
}
