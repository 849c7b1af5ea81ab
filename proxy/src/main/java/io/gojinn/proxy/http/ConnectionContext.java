package io.gojinn.proxy.http;

import io.gojinn.proxy.failure.ClientFault;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.AsciiString;
import java.net.InetSocketAddress;

/**
 * What the exchanges of one client connection have in common. Confined to its event loop.
 *
 * @param clientAddress without port
 */
record ConnectionContext(Channel channel, ConnectionSettings settings, LoopConnections peers, String clientAddress) {
    static ConnectionContext of(Channel channel, ConnectionSettings settings, LoopConnections peers) {
        String address = channel.remoteAddress() instanceof InetSocketAddress remote
                ? remote.getAddress().getHostAddress()
                : "unknown";
        return new ConnectionContext(channel, settings, peers, address);
    }

    EventLoop loop() {
        return peers.loop();
    }

    ByteBufAllocator allocator() {
        return channel.alloc();
    }

    AsciiString date() {
        return peers.date().now();
    }

    /** What an exchange that begins now is served with. */
    Service service() {
        return settings.service().get();
    }

    void countClientError(ClientFault fault) {
        service().metrics().clientError(fault);
    }
}
