package io.gojinn.proxy.upstream;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * How names of targets are resolved.
 *
 * @param servers asked in this order; empty, those of the system
 * @param minTtl an answer holds at least so long, whatever it says, and a failure too
 * @param maxTtl an answer holds at most so long
 */
public record DnsConfig(List<InetSocketAddress> servers, Duration minTtl, Duration maxTtl) {
    private static final DnsConfig DEFAULTS = new DnsConfig(List.of(), Duration.ofSeconds(5), Duration.ofMinutes(5));

    public DnsConfig {
        servers = List.copyOf(servers);
        if (maxTtl.compareTo(minTtl) < 0) {
            throw new IllegalArgumentException("maxTtl is " + maxTtl + ", expected at least minTtl, " + minTtl);
        }
    }

    /** The servers of the system, asked every five seconds to five minutes. */
    public static DnsConfig defaults() {
        return DEFAULTS;
    }
}
