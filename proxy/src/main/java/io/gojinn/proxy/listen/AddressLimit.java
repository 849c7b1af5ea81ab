package io.gojinn.proxy.listen;

import io.gojinn.proxy.address.AddressBlock;
import io.gojinn.proxy.address.ProxiedClient;
import io.gojinn.proxy.transport.Channels;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * How many connections one client may have: an IPv4 address, or the /64 of an IPv6 one, which is what a single client commonly
 * has to choose from (RFC 6177). Thread-safe.
 *
 * <p>A client is counted while it has a connection, so there are at most as many counts as connections. Trusted proxies are not
 * counted: they speak for many. The PROXY protocol says for whom.
 */
final class AddressLimit {
    private final ConcurrentHashMap<AddressBlock, Integer> open = new ConcurrentHashMap<>();

    /** Counts a connection until it closes, or closes it when its client has as many as it may. */
    boolean admit(Channel channel, Reception reception) {
        InetAddress client = client(channel);
        if (client == null || reception.settings().trust().includes(client)) {
            return true;
        }
        AddressBlock block = AddressBlock.of(client);
        if (!enter(block, reception.limits().addressConnections())) {
            reception.settings().metrics().rejectedByAddressLimit();
            Channels.close(channel);
            return false;
        }
        channel.closeFuture().addListener(closed -> leave(block));
        return true;
    }

    private static @Nullable InetAddress client(Channel channel) {
        ProxiedClient proxied = ProxiedClient.of(channel);
        if (proxied != null) {
            return proxied.address();
        }
        return channel.remoteAddress() instanceof InetSocketAddress remote ? remote.getAddress() : null;
    }

    private boolean enter(AddressBlock block, int most) {
        // Beyond the limit by one for a moment, so that one step tells.
        Integer count = open.merge(block, 1, Integer::sum);
        if (count != null && count <= most) {
            return true;
        }
        leave(block);
        return false;
    }

    private void leave(AddressBlock block) {
        open.computeIfPresent(block, (same, count) -> count == 1 ? null : count - 1);
    }
}
