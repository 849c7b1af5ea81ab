package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.observe.UpstreamMetrics;
import io.gojinn.proxy.transport.Channels;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.netty.util.concurrent.Future;
import java.io.FileNotFoundException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes connections to one target: the socket, TLS where it is spoken, and the version of HTTP. Confined to its event loop.
 *
 * <p>All of it has one timeout. A connection belongs to the TLS of its upstream, which is the same for every connection of
 * the pool that asked for it.
 */
final class TargetConnector {
    private final Bootstrap bootstrap;
    private final SocketAddress address;
    private final WireConfig wire;
    private final @Nullable SslContext tls;
    private final String peerName;
    private final int peerPort;
    private final long timeoutNanos;

    /**
     * A connector for one target.
     *
     * @param bootstrap with the options of every connection and the event loop
     * @param tls null when the target is reached in clear text
     */
    TargetConnector(
            Bootstrap bootstrap,
            SocketAddress address,
            UpstreamConfig.Target target,
            UpstreamConfig upstream,
            @Nullable SslContext tls) {
        this.bootstrap = bootstrap;
        this.address = address;
        this.wire = upstream.wire();
        this.tls = target.tls() ? tls : null;
        if (target.tls() && tls == null) {
            throw new IllegalArgumentException("no TLS for " + target.authority());
        }
        this.peerName = wire.tls().serverName().orElse(target.host());
        this.peerPort = target.port();
        this.timeoutNanos = upstream.connectTimeout().toNanos();
    }

    /** What became of a connection, told once. */
    interface Caller {
        void connected(Http1TargetConnection connection);

        void connected(Http2TargetConnection connection);

        void refused(UpstreamFault fault, String detail);
    }

    /** Whether HTTP/2 may come out of a connection. */
    boolean mayBeHttp2() {
        return switch (wire.protocol()) {
            case AUTO -> tls != null;
            case HTTP_1_1 -> false;
            case H2 -> true;
        };
    }

    /** The most requests at once on a connection of HTTP/2. */
    int streams() {
        return wire.http2().streams();
    }

    void connect(TargetPool pool, UpstreamMetrics metrics, Caller caller) {
        Negotiation negotiation = new Negotiation(pool, metrics, caller);
        bootstrap.clone().handler(negotiation).connect(address).addListener(done -> {
            if (!done.isSuccess()) {
                negotiation.refuse(faultOf(done.cause()), refusalOf(done.cause()));
            }
        });
    }

    private static UpstreamFault faultOf(Throwable cause) {
        return cause instanceof ConnectTimeoutException ? UpstreamFault.CONNECT_TIMEOUT : UpstreamFault.CONNECT;
    }

    private String refusalOf(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        if (address instanceof InetSocketAddress) {
            return message;
        }
        if (cause instanceof FileNotFoundException) {
            return "No such file or directory";
        }
        // unix(7) says the same of a socket that nobody listens on any more and of a file that is none.
        return message.contains("refused") ? message + ": nobody listens there, or it is no socket" : message;
    }

    private static UpstreamFault handshakeFaultOf(Throwable failure) {
        if (failure instanceof SslHandshakeTimeoutException) {
            return UpstreamFault.CONNECT_TIMEOUT;
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException || cause instanceof CertPathBuilderException) {
                return UpstreamFault.CERTIFICATE;
            }
        }
        return UpstreamFault.TLS;
    }

    private static String detailOf(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }

    /** One connection until it is known what is spoken on it: then the handler that speaks it takes its place. */
    private final class Negotiation extends ChannelInboundHandlerAdapter {
        private final TargetPool pool;
        private final UpstreamMetrics metrics;
        private final Caller caller;
        private final TlsRecords records = new TlsRecords();
        private boolean told;
        private boolean agreedOnHttp2;
        private @Nullable Channel channel;
        private @Nullable Future<?> timeout;

        Negotiation(TargetPool pool, UpstreamMetrics metrics, Caller caller) {
            this.pool = pool;
            this.metrics = metrics;
            this.caller = caller;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            channel = ctx.channel();
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            SslContext context = tls;
            if (mayBeHttp2() || context != null) {
                timeout = ctx.channel()
                        .eventLoop()
                        .schedule(() -> refuse(UpstreamFault.CONNECT_TIMEOUT, ""), timeoutNanos, TimeUnit.NANOSECONDS);
            }
            if (context == null) {
                agreed(ctx, wire.protocol() == WireConfig.Protocol.H2);
                return;
            }
            SslHandler handler = context.newHandler(ctx.alloc(), peerName, peerPort);
            handler.setHandshakeTimeoutMillis(0);
            ctx.pipeline().addFirst(records, handler);
            ctx.read();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake) {
                if (handshake.isSuccess()) {
                    agree(ctx);
                } else {
                    refuse(handshakeFaultOf(handshake.cause()), detailOf(handshake.cause()));
                }
            } else {
                ctx.fireUserEventTriggered(event);
            }
        }

        private void agree(ChannelHandlerContext ctx) {
            SslHandler handler = ctx.pipeline().get(SslHandler.class);
            String chosen = handler.applicationProtocol();
            boolean http2 = ApplicationProtocolNames.HTTP_2.equals(chosen);
            if (wire.protocol() == WireConfig.Protocol.H2 && !http2) {
                refuse(UpstreamFault.TLS, "the target chose " + chosen + " by ALPN, expected h2");
            } else {
                agreed(ctx, http2);
            }
        }

        private void agreed(ChannelHandlerContext ctx, boolean http2) {
            if (told) {
                return;
            }
            metrics.connected();
            ctx.channel().closeFuture().addListener(gone -> metrics.disconnected());
            ChannelPipeline pipeline = ctx.pipeline();
            if (http2) {
                agreedOnHttp2(ctx);
                return;
            }
            ClientCodec codec = new ClientCodec();
            Http1TargetConnection connection =
                    new Http1TargetConnection(ctx.channel(), codec, tls == null ? null : records, pool);
            pipeline.addLast(codec, connection);
            settle();
            pipeline.remove(this);
            caller.connected(connection);
        }

        private void agreedOnHttp2(ChannelHandlerContext ctx) {
            agreedOnHttp2 = true;
            Http2TargetConnection.Setup setup = new Http2TargetConnection.Setup(
                    wire.http2(), tls == null ? "http" : "https", timeoutNanos, pool, metrics, this::ready);
            ctx.pipeline().addLast(Http2TargetConnection.of(ctx.channel(), setup));
        }

        private void ready(Http2TargetConnection connection) {
            if (!told) {
                settle();
                if (channel != null) {
                    channel.pipeline().remove(this);
                }
                caller.connected(connection);
            }
        }

        private void settle() {
            told = true;
            if (timeout != null) {
                timeout.cancel(false);
            }
        }

        void refuse(UpstreamFault fault, String detail) {
            if (told) {
                return;
            }
            settle();
            Channel failed = channel;
            if (failed != null) {
                Channels.close(failed);
            }
            caller.refused(fault, detail);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (agreedOnHttp2) {
                refuse(UpstreamFault.PROTOCOL, "the target does not speak HTTP/2");
            } else {
                refuse(UpstreamFault.CONNECT, "closed by the target");
            }
            ctx.fireChannelInactive();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            // What TLS makes of it is told by its event, what HTTP/2 makes of it by the end of the connection.
            if (agreedOnHttp2) {
                ctx.fireExceptionCaught(cause);
            } else if (tls == null) {
                refuse(UpstreamFault.CONNECT, String.valueOf(cause.getMessage()));
            }
        }
    }
}
