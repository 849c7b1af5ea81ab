package io.gojinn.proxy.upstream;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.resolver.dns.DnsCache;
import io.netty.resolver.dns.DnsCacheEntry;
import io.netty.resolver.dns.NoopDnsCache;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * A cache that holds nothing but how long answers are good for, which the resolver tells no one else. Confined to the
 * resolver's event loop.
 */
final class TtlNotes implements DnsCache {
    private static final int MAX_NOTES = 4096;
    private static final Duration NONE = Duration.ofDays(1);

    // Kept when read, since several names may lead to one address.
    private final SequencedMap<InetAddress, Long> seconds = new LinkedHashMap<>();

    /** The shortest time to live of these addresses; a day for those of the hosts file, which have none. */
    Duration shortest(List<InetAddress> addresses) {
        Duration shortest = NONE;
        for (InetAddress address : addresses) {
            Long ttl = seconds.get(address);
            if (ttl != null && Duration.ofSeconds(ttl).compareTo(shortest) < 0) {
                shortest = Duration.ofSeconds(ttl);
            }
        }
        return shortest;
    }

    @Override
    public @Nullable DnsCacheEntry cache(
            String hostname,
            DnsRecord @Nullable [] additionals,
            InetAddress address,
            long originalTtl,
            EventLoop loop) {
        seconds.putLast(address, originalTtl);
        if (seconds.size() > MAX_NOTES) {
            seconds.pollFirstEntry();
        }
        return NoopDnsCache.INSTANCE.cache(hostname, additionals, address, originalTtl, loop);
    }

    @Override
    public @Nullable DnsCacheEntry cache(
            String hostname, DnsRecord @Nullable [] additionals, Throwable cause, EventLoop loop) {
        return NoopDnsCache.INSTANCE.cache(hostname, additionals, cause, loop);
    }

    @Override
    public @Nullable List<? extends DnsCacheEntry> get(String hostname, DnsRecord @Nullable [] additionals) {
        return NoopDnsCache.INSTANCE.get(hostname, additionals);
    }

    @Override
    public void clear() {
        seconds.clear();
    }

    @Override
    public boolean clear(String hostname) {
        return false;
    }
}
