package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.observe.LogLimit;
import io.gojinn.proxy.observe.UpstreamMetrics;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of one event loop to one target. Confined to that loop. It holds at most the configured number of idle
 * ones, newest first out, so that those not needed grow old and are closed.
 */
final class TargetPool {
    // Below what servers commonly allow, so that they rarely close one just as it is taken.
    private static final long MAX_IDLE_NANOS = TimeUnit.SECONDS.toNanos(55);
    private static final Logger LOG = LoggerFactory.getLogger(TargetPool.class);

    private final EventLoop loop;
    private final TargetConnector connector;
    private final Target target;
    private final int maxIdle;
    private final UpstreamMetrics metrics;
    private final ArrayDeque<Http1TargetConnection> idle = new ArrayDeque<>();
    private boolean closed;

    TargetPool(EventLoop loop, TargetConnector connector, Target target, int maxIdle, UpstreamMetrics metrics) {
        this.loop = loop;
        this.connector = connector;
        this.target = target;
        this.maxIdle = maxIdle;
        this.metrics = metrics;
    }

    /** What a taker is told, on the pool's loop. */
    interface Taker {
        /** A stream for one request, on a connection that stands. */
        void taken(TargetStream stream);

        /** No connection could be made. */
        void refused(UpstreamFault fault, String detail);
    }

    Target target() {
        return target;
    }

    /** Takes a stream of a connection that stands, or else of a new one. The taker may be told at once. */
    void take(Taker taker) {
        Http1TargetConnection connection = takeIdle();
        if (connection != null) {
            taker.taken(connection);
        } else {
            connect(taker);
        }
    }

    private @Nullable Http1TargetConnection takeIdle() {
        assert loop.inEventLoop();
        long oldest = System.nanoTime() - MAX_IDLE_NANOS;
        while (true) {
            Http1TargetConnection connection = idle.pollFirst();
            if (connection == null || (connection.isUsable() && connection.idleSinceNanos() - oldest > 0)) {
                return connection;
            }
            connection.discard();
        }
    }

    /** Takes a stream of a new connection. */
    void connect(Taker taker) {
        assert loop.inEventLoop();
        connector.connect(this, new TargetConnector.Caller() {
            @Override
            public void connected(Http1TargetConnection connection) {
                connection.opened(metrics);
                taker.taken(connection);
            }

            @Override
            public void refused(UpstreamFault fault, String detail) {
                taker.refused(fault, detail);
            }
        });
    }

    void giveBack(Http1TargetConnection connection) {
        if (closed || idle.size() >= maxIdle || !connection.isUsable() || !connection.isQuiet()) {
            connection.discard();
        } else {
            idle.addFirst(connection);
        }
    }

    /** A connection is given up because the target sent what no request asked for. */
    void spokenUnasked() {
        metrics.unsolicited();
        long heldBack = target.unsolicitedLog().pass();
        if (heldBack != LogLimit.HELD_BACK) {
            LOG.atWarn()
                    .addKeyValue("upstream", target.label())
                    .addKeyValue("held_back", heldBack)
                    .log("a connection is closed: the target sent more than was asked for");
        }
    }

    void closed(Http1TargetConnection connection) {
        idle.remove(connection);
    }

    /** Closes what is idle now and what comes back later. */
    void close() {
        assert loop.inEventLoop();
        closed = true;
        while (!idle.isEmpty()) {
            idle.removeFirst().discard();
        }
    }

    /** The options of every connection to an upstream. */
    static Bootstrap configure(Bootstrap bootstrap, int connectTimeoutMillis) {
        return bootstrap
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, connectTimeoutMillis);
    }
}
