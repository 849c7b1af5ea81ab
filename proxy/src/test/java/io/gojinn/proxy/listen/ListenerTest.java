package io.gojinn.proxy.listen;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.address.ProxyTrust;
import io.gojinn.proxy.http.Http2Limits;
import io.gojinn.proxy.http.Pins;
import io.gojinn.proxy.http.Service;
import io.gojinn.proxy.observe.Metrics;
import io.gojinn.proxy.route.Router;
import io.gojinn.proxy.transport.Transport;
import io.netty.channel.EventLoopGroup;
import io.prometheus.client.CollectorRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ListenerTest {
    /** A reload first tells the listener what it serves last, then publishes. */
    @Test
    void aReloadBetweenTwoLooksDoesNotGiveItWhatIsPublishedLater() throws Exception {
        Metrics metrics = new Metrics(new CollectorRegistry());
        Service before = service(metrics);
        Service later = service(metrics);
        AtomicReference<Listener> listener = new AtomicReference<>();
        Transport transport = Transport.select();
        EventLoopGroup loops = transport.newLoops(1, "test");
        try {
            Listener.Host host = new Listener.Host(transport, loops, loops, Map.of(), () -> {
                listener.get().serveLast(before);
                return later;
            });
            listener.set(Listener.bind(config(), host, metrics.listener("web")));
            assertThat(listener.get().service()).isSameAs(before);
            listener.get().abandon();
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    private static Service service(Metrics metrics) {
        return new Service(
                new Router<>(List.of()),
                metrics,
                metrics.route(Metrics.NO_ROUTE).value(),
                new Pins(List.of(), () -> {}),
                null,
                null);
    }

    private static ListenerConfig config() {
        return new ListenerConfig(
                "web",
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                ListenerConfig.ALL_PROTOCOLS,
                Optional.empty(),
                ListenerLimits.defaults(),
                Http2Limits.defaults(),
                false,
                ProxyTrust.NOBODY);
    }
}
