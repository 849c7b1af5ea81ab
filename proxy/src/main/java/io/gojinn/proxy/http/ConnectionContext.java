package io.gojinn.proxy.http;

import io.gojinn.proxy.address.IpLiteral;
import io.gojinn.proxy.address.Origin;
import io.gojinn.proxy.address.OriginFields;
import io.gojinn.proxy.address.ProxiedClient;
import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Denial;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the exchanges of one client connection have in common. Confined to its event loop.
 *
 * @param peer who is at the other end, as far as the connection tells
 * @param relay the same when it is a trusted proxy, whose fields tell more; null otherwise
 * @param tls what the handshake has told
 * @param collected what exchanges keep of their bodies
 */
record ConnectionContext(
        Channel channel,
        ConnectionSettings settings,
        LoopConnections peers,
        Origin peer,
        @Nullable InetAddress relay,
        TlsClient tls,
        CollectedBodies collected) {
    static ConnectionContext of(Channel channel, ConnectionSettings settings, LoopConnections peers) {
        ProxiedClient proxied = ProxiedClient.of(channel);
        InetAddress address = proxied == null ? null : proxied.address();
        if (address == null && channel.remoteAddress() instanceof InetSocketAddress remote) {
            address = remote.getAddress();
        }
        String text = address == null ? "unknown" : IpLiteral.text(address);
        // Behind a proxy that does not say for whom it connects, anybody may have written the fields.
        boolean known = proxied == null || proxied.address() != null;
        boolean relayed = known && address != null && settings.trust().includes(address);
        return new ConnectionContext(
                channel,
                settings,
                peers,
                Origin.direct(text, settings.scheme()),
                relayed ? address : null,
                TlsClient.of(channel),
                new CollectedBodies(settings.http2().collectedBytes()));
    }

    /** The address of the peer, without port. */
    String clientAddress() {
        return peer.address();
    }

    /** Where a request comes from; removes the fields that say so when nobody who is trusted has. */
    Origin origin(HttpHeaders headers) {
        InetAddress proxy = relay;
        if (proxy == null) {
            OriginFields.strip(headers);
            return peer;
        }
        Origin origin = Origin.relayed(headers, settings.trust(), proxy, settings.scheme());
        OriginFields.stripUnbelieved(headers, settings.trust().field());
        return origin;
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

    /** That of the certificate of the client, if it showed one. */
    @Nullable
    String fingerprint() {
        ClientCertificate certificate = tls.certificate();
        return certificate == null ? null : certificate.fingerprint();
    }

    /** What an exchange that begins now is served with. */
    Service service() {
        return settings.service().get();
    }

    /** Whether the connection is to end as soon as it has done what it was asked for. */
    boolean draining() {
        return peers.draining() || settings.leaving().getAsBoolean();
    }

    void countClientError(ClientFault fault) {
        service().metrics().clientError(fault);
    }

    void countDenial(Denial denial) {
        service().metrics().denied(denial);
    }
}
