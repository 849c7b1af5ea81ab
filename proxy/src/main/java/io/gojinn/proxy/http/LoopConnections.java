package io.gojinn.proxy.http;

import io.gojinn.proxy.observe.AccessLog;
import io.gojinn.proxy.observe.AccessLogLines;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The client connections of one event loop, and how they come to an end. Confined to that loop.
 */
public final class LoopConnections {
    // How long a connection must be silent before it is closed while it is to end: long against a round trip, short
    // against what people wait for.
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final int index;
    private final EventLoop loop;
    private final @Nullable AccessLogLines accessLog;
    private final Set<ClientConnection> open = new HashSet<>();
    private final HttpDate date = new HttpDate();
    private boolean draining;
    private long quietNanos = QUIET_NANOS;
    private int cutOff;
    private @Nullable Runnable emptied;

    /**
     * The connections of this loop, none yet.
     *
     * @param index of the loop, from 0
     * @param accessLog null for none
     */
    public LoopConnections(int index, EventLoop loop, @Nullable AccessLogLines accessLog) {
        this.index = index;
        this.loop = loop;
        this.accessLog = accessLog;
    }

    int index() {
        return index;
    }

    EventLoop loop() {
        return loop;
    }

    HttpDate date() {
        return date;
    }

    void log(AccessLog.Entry entry) {
        if (accessLog != null) {
            accessLog.write(entry);
        }
    }

    boolean draining() {
        return draining;
    }

    /** How long a connection that is to end must be silent before it is closed. */
    long quietNanos() {
        return quietNanos;
    }

    void opened(ClientConnection connection) {
        open.add(connection);
        if (draining || connection.settings().leaving().getAsBoolean()) {
            connection.drain();
        }
    }

    void closed(ClientConnection connection) {
        open.remove(connection);
        reportIfEmpty();
    }

    /** An exchange was ended before its time. */
    void countCutOff() {
        cutOff++;
    }

    /** How many exchanges were ended before their time. */
    public int cutOff() {
        return cutOff;
    }

    /**
     * Lets every connection end: after its exchange, or once it was silent for a while.
     *
     * @param quietNanos how long a while is
     * @param emptied called on this loop when the last one has closed
     */
    public void drain(long quietNanos, Runnable emptied) {
        assert loop.inEventLoop();
        this.draining = true;
        this.quietNanos = quietNanos;
        this.emptied = emptied;
        for (ClientConnection connection : new ArrayList<>(open)) {
            connection.drain();
        }
        reportIfEmpty();
    }

    /** Lets the connections end whose listener is leaving. */
    public void drainLeaving() {
        assert loop.inEventLoop();
        for (ClientConnection connection : new ArrayList<>(open)) {
            if (connection.settings().leaving().getAsBoolean()) {
                connection.drain();
            }
        }
    }

    /** Closes every connection now and counts the exchanges that were open. */
    public void abort() {
        assert loop.inEventLoop();
        for (ClientConnection connection : new ArrayList<>(open)) {
            connection.stop();
        }
    }

    private void reportIfEmpty() {
        if (emptied != null && open.isEmpty()) {
            Runnable report = emptied;
            emptied = null;
            report.run();
        }
    }
}
