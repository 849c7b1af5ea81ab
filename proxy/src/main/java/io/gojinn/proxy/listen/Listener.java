package io.gojinn.proxy.listen;

import io.gojinn.proxy.http.ConnectionSettings;
import io.gojinn.proxy.http.LoopConnections;
import io.gojinn.proxy.http.Service;
import io.gojinn.proxy.observe.ListenerMetrics;
import io.gojinn.proxy.transport.Transport;
import io.gojinn.runtime.Registry;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An address where connections are accepted under a name. It lives for as long as configs name both, and a while longer, until
 * its last connection has ended. Thread-safe.
 */
public final class Listener {
    private final String name;
    private final InetSocketAddress configured;
    private final Host host;
    private final ListenSocket socket;
    private final Registry.Lease<ListenerMetrics> metrics;
    private final PipelineAssembler assembler;
    private final Future<?> rotation;
    private volatile Reception reception;
    private volatile boolean leaving;
    private volatile @Nullable Service last;

    private Listener(
            ListenerConfig config,
            Host host,
            ListenSocket socket,
            Registry.Lease<ListenerMetrics> metrics,
            @Nullable TlsContexts tls) {
        this.name = config.name();
        this.configured = config.address();
        this.host = host;
        this.socket = socket;
        this.metrics = metrics;
        this.reception = reception(config, tls);
        this.assembler = new PipelineAssembler(() -> reception, host.connections());
        long seconds = TlsContexts.TICKET_KEY_LIFE.toSeconds();
        this.rotation = socket.loop().scheduleAtFixedRate(this::rotateTicketKeys, seconds, seconds, TimeUnit.SECONDS);
    }

    /**
     * What all listeners have in common.
     *
     * @param acceptor the loop of the listening sockets
     * @param loops the loops of the connections
     * @param connections for each of these loops
     * @param service what exchanges that begin now are served with
     */
    public record Host(
            Transport transport,
            EventLoopGroup acceptor,
            EventLoopGroup loops,
            Map<EventLoop, LoopConnections> connections,
            Supplier<Service> service) {}

    /**
     * Binds; {@link #open} accepts.
     *
     * @param metrics owned from the return on
     * @throws IOException that names the listener, and the address or the file that is at fault
     */
    public static Listener bind(ListenerConfig config, Host host, Registry.Lease<ListenerMetrics> metrics)
            throws IOException {
        TlsContexts tls = tls(config, null);
        try {
            ListenSocket socket = ListenSocket.bind(config.address(), host.transport(), host.acceptor(), host.loops());
            return new Listener(config, host, socket, metrics, tls);
        } catch (IOException refused) {
            throw new IOException(
                    "listener " + config.name() + " cannot bind " + config.address() + ": " + refused.getMessage(),
                    refused);
        }
    }

    /** As {@link #bind}, with the socket of another listener that is about to leave and has the same address. */
    public static Listener inPlaceOf(Listener other, ListenerConfig config, Registry.Lease<ListenerMetrics> metrics)
            throws IOException {
        return new Listener(config, other.host, other.socket, metrics, tls(config, other.reception.tls()));
    }

    /**
     * Loads what a listener needs, to see whether it can be.
     *
     * @throws IOException that names the listener and the file that is at fault
     */
    public static void check(ListenerConfig config) throws IOException {
        tls(config, null);
    }

    private static @Nullable TlsContexts tls(ListenerConfig config, @Nullable TlsContexts before) throws IOException {
        try {
            return config.tls().isPresent() ? TlsContexts.load(config.tls().get(), config.protocols(), before) : null;
        } catch (IOException unusable) {
            throw new IOException("listener " + config.name() + ": " + unusable.getMessage(), unusable);
        }
    }

    private Reception reception(ListenerConfig config, @Nullable TlsContexts tls) {
        ListenerLimits limits = config.limits();
        ConnectionSettings settings = new ConnectionSettings(
                config.name(),
                config.tls().isPresent() ? "https" : "http",
                limits.headerBytes(),
                limits.headerCount(),
                limits.headerTimeout().toNanos(),
                limits.idleTimeout().toNanos(),
                limits.bodyRate(),
                config.http2(),
                config.trust(),
                metrics.value(),
                this::service,
                () -> leaving);
        return new Reception(settings, config.protocols(), limits, config.tolerant(), tls);
    }

    /** What exchanges that begin now on its connections are served with. */
    Service service() {
        // In this order: whoever gets what was published after this listener's last one finds that last one told.
        Service published = host.service().get();
        Service ownLast = last;
        return ownLast == null ? published : ownLast;
    }

    private void rotateTicketKeys() {
        TlsContexts tls = reception.tls();
        if (tls != null) {
            tls.rotateTicketKeys();
        }
    }

    /** The name in the config. */
    public String name() {
        return name;
    }

    /** Where it is bound. */
    public InetSocketAddress address() {
        return socket.address();
    }

    /** Whether a config is that of this listener, changed or not. */
    public boolean is(ListenerConfig config) {
        return name.equals(config.name()) && hasAddressOf(config);
    }

    /** Whether a config is that of another listener with the socket of this one. */
    public boolean isReplacedBy(ListenerConfig config) {
        return !name.equals(config.name()) && configured.getPort() != 0 && hasAddressOf(config);
    }

    private boolean hasAddressOf(ListenerConfig config) {
        return configured.equals(config.address());
    }

    /**
     * Loads what a changed config asks for.
     *
     * @return to be run when connections that are accepted are to get it; those that are open keep what they have
     * @throws IOException as {@link #check}
     */
    public Runnable renewal(ListenerConfig config) throws IOException {
        Reception renewed = reception(config, tls(config, reception.tls()));
        return () -> {
            reception = renewed;
            showCertificates();
        };
    }

    private void showCertificates() {
        TlsContexts tls = reception.tls();
        if (tls != null) {
            tls.show(metrics.value().tls());
        }
    }

    /** Accepts from now on. */
    public void open() {
        showCertificates();
        socket.open(assembler);
    }

    /** Gives up a listener that was never opened. */
    public void abandon() {
        rotation.cancel(false);
        socket.abandon();
        metrics.close();
    }

    /** Whoever asks on its connections is served with this from now on, whatever is published: nothing later knows the listener. */
    public void serveLast(Service service) {
        last = service;
    }

    /**
     * Ends: no connection is accepted, unless another listener has the socket now, and those that are open end when they have
     * done what they were asked for.
     *
     * @return done when the last one has ended
     */
    public CompletableFuture<Void> leave() {
        leaving = true;
        rotation.cancel(false);
        CompletableFuture<Void> deaf =
                socket.isOf(assembler) ? socket.close() : CompletableFuture.completedFuture(null);
        return deaf.thenCompose(closed -> CompletableFuture.allOf(host.connections().entrySet().stream()
                        .map(loop -> CompletableFuture.runAsync(loop.getValue()::drainLeaving, loop.getKey()))
                        .toArray(CompletableFuture<?>[]::new)))
                // What was accepted has reached its loop by now, and is counted.
                .thenCompose(told -> assembler.emptied())
                .thenRun(metrics::close);
    }

    /** Takes the connections that wait, then closes the socket; no connection is accepted after the future completes. */
    public CompletableFuture<Void> stopAccepting() {
        rotation.cancel(false);
        return socket.close();
    }
}
