package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.observe.LogLimit;
import io.gojinn.proxy.observe.UpstreamMetrics;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
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
    static final long MAX_IDLE_NANOS = TimeUnit.SECONDS.toNanos(55);
    private static final Logger LOG = LoggerFactory.getLogger(TargetPool.class);

    private final EventLoop loop;
    private final TargetConnector connector;
    private final Target target;
    private final int maxIdle;
    private final UpstreamMetrics metrics;
    private final ArrayDeque<Http1TargetConnection> idle = new ArrayDeque<>();
    private final List<Http2TargetConnection> shared = new ArrayList<>();
    private final List<Connecting> connecting = new ArrayList<>();
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
        assert loop.inEventLoop();
        for (int i = 0; i < shared.size(); i++) {
            if (shared.get(i).isUsable()) {
                taker.taken(shared.get(i).stream());
                return;
            }
        }
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

    /**
     * Takes a stream of a new connection. Where that may be shared, those who come while it is made wait for it, as many as it
     * has streams.
     */
    void connect(Taker taker) {
        assert loop.inEventLoop();
        for (Connecting attempt : connecting) {
            if (attempt.waiting.size() < connector.streams()) {
                attempt.waiting.add(taker);
                return;
            }
        }
        Connecting attempt = new Connecting();
        attempt.waiting.add(taker);
        if (connector.mayBeHttp2()) {
            connecting.add(attempt);
        }
        connector.connect(this, metrics, attempt);
    }

    /** A connection that is being made, and who waits for it. */
    private final class Connecting implements TargetConnector.Caller {
        private final ArrayDeque<Taker> waiting = new ArrayDeque<>();

        @Override
        public void connected(Http1TargetConnection connection) {
            connecting.remove(this);
            waiting.remove().taken(connection);
            // It carries one request at a time: each of the others needs its own.
            for (Taker taker : waiting) {
                connector.connect(TargetPool.this, metrics, alone(taker));
            }
        }

        @Override
        public void connected(Http2TargetConnection connection) {
            connecting.remove(this);
            if (!connection.isUsable()) {
                // One that takes no request at all: another would be made for ever.
                connection.drain();
                waiting.forEach(taker -> taker.refused(UpstreamFault.PROTOCOL, "the target takes no streams"));
                return;
            }
            shared.add(connection);
            while (!waiting.isEmpty() && connection.isUsable()) {
                waiting.remove().taken(connection.stream());
            }
            waiting.forEach(TargetPool.this::take);
            if (closed) {
                connection.drain();
            }
        }

        @Override
        public void refused(UpstreamFault fault, String detail) {
            connecting.remove(this);
            waiting.forEach(taker -> taker.refused(fault, detail));
        }
    }

    private Connecting alone(Taker taker) {
        Connecting attempt = new Connecting();
        attempt.waiting.add(taker);
        return attempt;
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

    /** Whether a connection without requests is kept. */
    boolean keeps(Http2TargetConnection unused) {
        int others = idle.size();
        for (Http2TargetConnection connection : shared) {
            if (connection != unused && connection.isUnused()) {
                others++;
            }
        }
        return others < maxIdle;
    }

    void closed(Http2TargetConnection connection) {
        shared.remove(connection);
    }

    /** Closes what is idle now and what comes back later. */
    void close() {
        assert loop.inEventLoop();
        closed = true;
        while (!idle.isEmpty()) {
            idle.removeFirst().discard();
        }
        List.copyOf(shared).forEach(Http2TargetConnection::drain);
    }
}
