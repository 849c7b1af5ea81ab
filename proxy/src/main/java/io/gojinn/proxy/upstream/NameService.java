package io.gojinn.proxy.upstream;

import io.gojinn.proxy.transport.Transport;
import io.netty.channel.EventLoop;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.SequentialDnsServerAddressStreamProvider;
import io.netty.util.concurrent.Future;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks names up for all upstreams: in the hosts file, or at name servers, every time anew. Thread-safe; answers come on its
 * event loop.
 */
public final class NameService implements AutoCloseable {
    private static final long QUERY_TIMEOUT_MILLIS = 2_000;

    private final DnsConfig config;
    private final EventLoop loop;
    private final DnsNameResolver resolver;
    private final TtlNotes ttls = new TtlNotes();

    /** A service that asks as configured. */
    public NameService(DnsConfig config, Transport transport, EventLoop loop) {
        this.config = config;
        this.loop = loop;
        DnsNameResolverBuilder builder = new DnsNameResolverBuilder(loop)
                .datagramChannelType(transport.datagramChannel())
                // For answers that a datagram cannot hold.
                .socketChannelType(transport.socketChannel())
                .queryTimeoutMillis(QUERY_TIMEOUT_MILLIS)
                .resolveCache(ttls);
        if (!config.servers().isEmpty()) {
            builder.nameServerProvider(new SequentialDnsServerAddressStreamProvider(config.servers()));
        }
        this.resolver = builder.build();
    }

    /** What becomes of a question. */
    interface Caller {
        /** At least one address, all of one family, to be asked for again after this time. */
        void found(List<InetAddress> addresses, Duration ttl);

        /** There is no answer, or an empty one; to be asked again after this time. */
        void notFound(String reason, Duration ttl);
    }

    /** Looks a name up. */
    void lookUp(String host, Caller caller) {
        resolver.resolveAll(host).addListener((Future<List<InetAddress>> answer) -> {
            assert loop.inEventLoop();
            if (answer.isSuccess() && !answer.getNow().isEmpty()) {
                List<InetAddress> addresses = oneFamily(answer.getNow());
                caller.found(addresses, within(ttls.shortest(addresses)));
            } else {
                caller.notFound(answer.isSuccess() ? "no address" : String.valueOf(answer.cause()), config.minTtl());
            }
        });
    }

    private Duration within(Duration ttl) {
        if (ttl.compareTo(config.minTtl()) < 0) {
            return config.minTtl();
        }
        return ttl.compareTo(config.maxTtl()) > 0 ? config.maxTtl() : ttl;
    }

    // A server with addresses of both families is one server, not two.
    private static List<InetAddress> oneFamily(List<InetAddress> addresses) {
        List<InetAddress> four = new ArrayList<>();
        for (InetAddress address : addresses) {
            if (address instanceof Inet4Address) {
                four.add(address);
            }
        }
        return four.isEmpty() ? addresses : four;
    }

    /** Answers nothing any more. */
    @Override
    public void close() {
        resolver.close();
    }
}
