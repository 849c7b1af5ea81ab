package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.Http2Fault;
import io.gojinn.proxy.http.DeadlineTimer;
import io.gojinn.proxy.http.FrameGuard;
import io.gojinn.proxy.http.Http2Limits;
import io.gojinn.proxy.observe.UpstreamMetrics;
import io.gojinn.proxy.transport.Channels;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DecoratingHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2FrameWriter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/2 connection to one target, carrying requests side by side: the last handler of its pipeline (RFC 9113).
 *
 * <p>Confined to its event loop. Frames, HPACK, stream states and flow control are Netty's; this class turns requests into
 * streams, bounds what a target may do by a {@link FrameGuard}, and ends the connection. The target is always read from: what
 * it may send is bounded by the windows, and that of the connection is as large as those of all its streams, so that a
 * client that does not read holds up nobody else.
 *
 * <p>It is ready when the target's SETTINGS have come: then it is known to speak HTTP/2, and how many streams it takes. After
 * GOAWAY it takes no more requests; those that the target has not acted on may be sent again (RFC 9113, 6.8, 8.7).
 */
final class Http2TargetConnection extends Http2ConnectionHandler {
    private static final int MAX_HEADER_BYTES = 64 << 10;
    private static final long MAX_BLOCK_BYTES = 4L * MAX_HEADER_BYTES;
    private static final long LIVENESS_PING = 0x676f_6a69_6e6eL;
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Channel channel;
    private final WireConfig.Http2 config;
    private final String scheme;
    private final long pingTimeoutNanos;
    private final TargetPool pool;
    private final UpstreamMetrics metrics;
    private final FrameGuard guard;
    private final Consumer<Http2TargetConnection> whenReady;
    private final Http2Connection.PropertyKey streamKey;
    private final DeadlineTimer timer;
    private final List<Http2TargetStream> touched = new ArrayList<>();

    private @Nullable ChannelHandlerContext handlerContext;
    private int reserved;
    private boolean ready;
    private boolean inRead;
    private boolean goingAway;
    private boolean suspected;
    private boolean pinged;
    private boolean closing;
    private boolean closed;
    private long lookAtNanos;
    private long lastReadNanos;
    private long pingedNanos;
    private long idleSinceNanos;

    private Http2TargetConnection(
            Channel channel,
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            FrameGuard guard,
            Setup setup) {
        super(decoder, encoder, settings, true);
        this.channel = channel;
        this.config = setup.config;
        this.scheme = setup.scheme;
        this.pingTimeoutNanos = setup.pingTimeoutNanos;
        this.pool = setup.pool;
        this.metrics = setup.metrics;
        this.guard = guard;
        this.whenReady = setup.whenReady;
        this.streamKey = connection().newKey();
        this.timer = new DeadlineTimer(channel.eventLoop(), this::expired);
        decoder.frameListener(new Frames());
        connection().addListener(new Streams());
        encoder.flowController().listener(stream -> {
            Http2TargetStream target = of(stream);
            if (target != null) {
                target.writabilityChanged();
            }
        });
    }

    /**
     * What a connection is made with.
     *
     * @param whenReady is told once that requests can be sent
     */
    record Setup(
            WireConfig.Http2 config,
            String scheme,
            long pingTimeoutNanos,
            TargetPool pool,
            UpstreamMetrics metrics,
            Consumer<Http2TargetConnection> whenReady) {}

    /** A connection for this channel, to be added last to its pipeline. */
    static Http2TargetConnection of(Channel channel, Setup setup) {
        DefaultHttp2Connection connection = new DefaultHttp2Connection(false);
        connection
                .remote()
                .flowController(
                        new DefaultHttp2RemoteFlowController(connection, new UniformStreamByteDistributor(connection)));
        // No limit on resets of its own: a target may reset what was sent to it.
        Http2Limits limits = new Http2Limits(
                setup.config.streams(),
                Http2Limits.STREAM_WINDOW,
                setup.config.controlFrames(),
                setup.config.controlFrames());
        FrameGuard guard =
                new FrameGuard(new DefaultHttp2FrameReader(headersDecoder()), connection, MAX_BLOCK_BYTES, limits);
        Http2ConnectionEncoder encoder =
                new DefaultHttp2ConnectionEncoder(connection, new Sent(new DefaultHttp2FrameWriter(), guard)) {
                    @Override
                    public void remoteSettings(Http2Settings settings) throws Http2Exception {
                        Long offered = settings.headerTableSize();
                        if (offered != null && offered > Http2CodecUtil.DEFAULT_HEADER_TABLE_SIZE) {
                            // An offer, not a duty (RFC 7541, 4.2): what is sent would be kept here for as long.
                            settings.headerTableSize(Http2CodecUtil.DEFAULT_HEADER_TABLE_SIZE);
                        }
                        super.remoteSettings(settings);
                    }
                };
        Http2ConnectionDecoder decoder = new DefaultHttp2ConnectionDecoder(connection, encoder, guard) {
            @Override
            protected long calculateMaxHeaderListSizeGoAway(long maxHeaderListSize) {
                return MAX_BLOCK_BYTES;
            }
        };
        Http2Settings announced = new Http2Settings()
                .pushEnabled(false)
                .initialWindowSize(setup.config.streamWindow())
                .maxHeaderListSize(MAX_HEADER_BYTES);
        return new Http2TargetConnection(channel, decoder, encoder, announced, guard, setup);
    }

    private static DefaultHttp2HeadersDecoder headersDecoder() {
        DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(true, MAX_HEADER_BYTES);
        try {
            decoder.maxHeaderListSize(MAX_HEADER_BYTES, MAX_BLOCK_BYTES);
        } catch (Http2Exception impossible) {
            throw new IllegalArgumentException(impossible);
        }
        return decoder;
    }

    /** Tells the guard what a target may answer. */
    private static final class Sent extends DecoratingHttp2FrameWriter {
        private final FrameGuard guard;

        Sent(Http2FrameWriter delegate, FrameGuard guard) {
            super(delegate);
            this.guard = guard;
        }

        @Override
        public ChannelFuture writeData(
                ChannelHandlerContext ctx,
                int streamId,
                ByteBuf data,
                int padding,
                boolean endStream,
                ChannelPromise promise) {
            guard.dataSent();
            return super.writeData(ctx, streamId, data, padding, endStream, promise);
        }
    }

    private @Nullable Http2TargetStream of(@Nullable Http2Stream stream) {
        return stream == null ? null : stream.getProperty(streamKey);
    }

    private ChannelHandlerContext ctx() {
        if (handlerContext == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return handlerContext;
    }

    // What the pool sees.

    /** Whether it can carry one more request, as far as can be told now. */
    boolean isUsable() {
        return ready && !goingAway && !suspected && !closing && !closed && channel.isActive() && hasRoom();
    }

    private boolean hasRoom() {
        int most = Math.min(config.streams(), connection().local().maxActiveStreams());
        return connection().local().numActiveStreams() + reserved < most;
    }

    /** Whether it carries no request. */
    boolean isUnused() {
        return connection().numActiveStreams() == 0 && reserved == 0;
    }

    /** A stream for one request. */
    TargetStream stream() {
        reserved++;
        return new Http2TargetStream(this);
    }

    /** Takes no more requests, and closes when those on the way have ended. */
    void drain() {
        goingAway = true;
        closeWhenDone();
    }

    // What a stream sees.

    String scheme() {
        return scheme;
    }

    ByteBufAllocator allocator() {
        return channel.alloc();
    }

    /** A stream that was handed out will not be opened. */
    void returned(Http2TargetStream unopened) {
        assert channel.eventLoop().inEventLoop() : unopened;
        reserved--;
        released();
    }

    /** Opens a stream, or null when none can be. */
    @Nullable
    Http2Stream open(Http2TargetStream target) {
        if (closing || closed || goingAway) {
            return null;
        }
        try {
            int id = connection().local().incrementAndGetNextStreamId();
            Http2Stream stream = connection().local().createStream(id, false);
            stream.setProperty(streamKey, target);
            reserved--;
            guard.streamOpened();
            return stream;
        } catch (Http2Exception refused) {
            goingAway = true;
            return null;
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    void writeHeaders(Http2Stream stream, Http2Headers section, boolean endOfStream) {
        encoder().writeHeaders(ctx(), stream.id(), section, 0, endOfStream, ctx().newPromise());
    }

    /** Writes a piece of a body. Owns it. */
    @SuppressWarnings("FutureReturnValueIgnored")
    void writeData(Http2Stream stream, ByteBuf piece, boolean endOfStream) {
        encoder().writeData(ctx(), stream.id(), piece, 0, endOfStream, ctx().newPromise());
    }

    boolean isLocalOpen(Http2Stream stream) {
        return !closed && stream.state().localSideOpen() && !stream.isResetSent();
    }

    boolean isWritable(Http2Stream stream) {
        return !closed && encoder().flowController().isWritable(stream);
    }

    boolean hasPending(@Nullable Http2Stream stream) {
        return !closed && stream != null && encoder().flowController().hasFlowControlled(stream);
    }

    /** Sends what was written: at the end of a read that goes on, or now. */
    void flushSoon() {
        if (!inRead && !closed) {
            flush(ctx());
        }
    }

    /** Gives the target its window back. */
    void consumed(@Nullable Http2Stream stream, int bytes) {
        try {
            if (!closed && stream != null && decoder().flowController().consumeBytes(stream, bytes)) {
                flushSoon();
            }
        } catch (Http2Exception defect) {
            onError(ctx(), false, defect);
        }
    }

    /** Ends a stream, unless it has ended. */
    @SuppressWarnings("FutureReturnValueIgnored")
    void reset(Http2Stream stream, Http2Error error) {
        if (closed || stream.state() == Http2Stream.State.CLOSED || stream.isResetSent()) {
            return;
        }
        encoder().writeRstStream(ctx(), stream.id(), error.code(), ctx().newPromise());
        flushSoon();
    }

    /** A request has timed out: when nothing came since it was sent, the target must give a sign of life first. */
    void suspect(long sinceNanos) {
        if (lastReadNanos - sinceNanos < 0 && !suspected && !closing && !closed) {
            suspected = true;
            ping();
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void ping() {
        if (!pinged) {
            pinged = true;
            pingedNanos = System.nanoTime();
            encoder().writePing(ctx(), false, LIVENESS_PING, ctx().newPromise());
            flushSoon();
            lookAt(pingedNanos + pingTimeoutNanos);
        }
    }

    // From the target.

    private final class Frames extends Http2FrameAdapter {
        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
            if (!ready) {
                ready = true;
                whenReady.accept(Http2TargetConnection.this);
            }
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int streamId,
                Http2Headers section,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean endOfStream) {
            onHeadersRead(ctx, streamId, section, padding, endOfStream);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx, int streamId, Http2Headers section, int padding, boolean endOfStream) {
            Http2TargetStream target = of(connection().stream(streamId));
            if (target != null) {
                touch(target);
                target.headersReceived(section, endOfStream);
            }
        }

        @Override
        public int onDataRead(ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream) {
            Http2TargetStream target = of(connection().stream(streamId));
            if (target == null) {
                return padding + data.readableBytes();
            }
            touch(target);
            // Padding is done with at once: it fills windows, not memory.
            return padding + target.dataReceived(data, endOfStream);
        }

        private void touch(Http2TargetStream target) {
            if (touched.isEmpty() || touched.getLast() != target) {
                touched.add(target);
            }
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long code) {
            Http2TargetStream target = of(connection().stream(streamId));
            if (target != null) {
                target.resetReceived(code);
            }
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext ctx, long data) {
            if (data == LIVENESS_PING) {
                pinged = false;
                suspected = false;
            }
        }

        @Override
        public void onGoAwayRead(ChannelHandlerContext ctx, int lastStreamId, long errorCode, ByteBuf debugData) {
            goingAway = true;
            pool.closed(Http2TargetConnection.this);
            closeWhenDone();
        }
    }

    private final class Streams extends Http2ConnectionAdapter {
        @Override
        public void onStreamHalfClosed(Http2Stream stream) {
            Http2TargetStream target = of(stream);
            if (target != null && stream.state() == Http2Stream.State.HALF_CLOSED_REMOTE) {
                target.remoteClosed();
            }
        }

        @Override
        public void onStreamClosed(Http2Stream stream) {
            Http2TargetStream target = of(stream);
            if (target != null) {
                target.lost(delivery(stream, target));
            }
            if (connection().numActiveStreams() == 0) {
                released();
            }
        }

        private TargetStream.Delivery delivery(Http2Stream stream, Http2TargetStream target) {
            int last = connection().local().lastStreamKnownByPeer();
            if (last >= 0 && stream.id() > last) {
                return TargetStream.Delivery.UNPROCESSED;
            }
            return stream.id() > 1 && lastReadNanos - target.begunNanos() < 0
                    ? TargetStream.Delivery.STALE
                    : TargetStream.Delivery.UNKNOWN;
        }
    }

    // Errors.

    @Override
    protected void onStreamError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, Http2Exception.StreamException error) {
        Http2Stream stream = connection().stream(error.streamId());
        Http2TargetStream target = of(stream);
        if (target != null) {
            target.malformed(String.valueOf(error.getMessage()));
        }
        if (stream != null) {
            reset(stream, error.error());
        }
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception error) {
        if (closing || closed) {
            return;
        }
        if (error != null) {
            Http2Fault violated = guard.violated();
            metrics.http2Fault(violated == null ? Http2Fault.PROTOCOL : violated);
            for (Http2TargetStream target : streams()) {
                target.malformed(String.valueOf(error.getMessage()));
            }
        }
        end(error == null ? Http2Error.INTERNAL_ERROR : error.error());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) {
            super.exceptionCaught(ctx, cause);
        } else {
            // What follows from it is told by channelInactive.
            Channels.close(ctx);
        }
    }

    // Events of the channel.

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        handlerContext = ctx;
        lastReadNanos = System.nanoTime();
        idleSinceNanos = lastReadNanos;
        lookAtNanos = lastReadNanos + LOOK_NANOS;
        timer.set(lookAtNanos);
        super.handlerAdded(ctx);
        long window = (long) config.streams() * config.streamWindow() - Http2CodecUtil.DEFAULT_WINDOW_SIZE;
        decoder().flowController().incrementWindowSize(connection().connectionStream(), (int)
                Math.min(window, Integer.MAX_VALUE - Http2CodecUtil.DEFAULT_WINDOW_SIZE));
        flush(ctx);
        ctx.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        inRead = true;
        lastReadNanos = System.nanoTime();
        super.channelRead(ctx, message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        inRead = false;
        for (int i = 0; i < touched.size(); i++) {
            touched.get(i).readComplete();
        }
        touched.clear();
        super.channelReadComplete(ctx);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        closed = true;
        timer.close();
        pool.closed(this);
        super.channelInactive(ctx);
    }

    // Time.

    /** Looks at this time at what streams wait for, if not before. */
    void lookAt(long nanoTime) {
        if (!closed && nanoTime - lookAtNanos < 0) {
            lookAtNanos = nanoTime;
            timer.set(nanoTime);
        }
    }

    private void expired() {
        long nowNanos = System.nanoTime();
        if (pinged && nowNanos - pingedNanos >= pingTimeoutNanos) {
            end(Http2Error.NO_ERROR);
            return;
        }
        boolean idle = isUnused();
        if (idle && nowNanos - idleSinceNanos >= TargetPool.MAX_IDLE_NANOS) {
            end(Http2Error.NO_ERROR);
            return;
        }
        lookAtNanos = nowNanos + LOOK_NANOS;
        timer.set(lookAtNanos);
        if (pinged) {
            lookAt(pingedNanos + pingTimeoutNanos);
        }
        if (config.pingInterval().isPresent() && !idle) {
            long nextNanos = lastReadNanos + config.pingInterval().get().toNanos();
            if (nextNanos - nowNanos > 0) {
                lookAt(nextNanos);
            } else {
                ping();
            }
        }
        for (Http2TargetStream target : streams()) {
            target.expire(nowNanos);
        }
    }

    /**
     * Tells the streams when the channel takes more. Netty's flow control tells them only when it saw the channel full; what TLS holds
     * before it is encrypted fills the channel at once but is told of later, when there may be room again, and a stream that has asked
     * in between would wait for ever.
     */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) throws Exception {
        super.channelWritabilityChanged(ctx);
        if (ctx.channel().isWritable()) {
            // Later: this may come in the middle of a write.
            ctx.executor().execute(() -> streams().forEach(Http2TargetStream::writabilityChanged));
        }
    }

    private List<Http2TargetStream> streams() {
        List<Http2TargetStream> streams = new ArrayList<>(connection().numActiveStreams());
        try {
            connection().forEachActiveStream(stream -> {
                Http2TargetStream target = of(stream);
                if (target != null) {
                    streams.add(target);
                }
                return true;
            });
        } catch (Http2Exception impossible) {
            throw new IllegalStateException(impossible);
        }
        return streams;
    }

    // The end of the connection.

    private void released() {
        if (isUnused()) {
            idleSinceNanos = System.nanoTime();
            goingAway |= !pool.keeps(this);
            closeWhenDone();
        }
    }

    private void closeWhenDone() {
        if (goingAway && !closing && isUnused()) {
            end(Http2Error.NO_ERROR);
        }
    }

    /** Says why, and closes: what is open is told by channelInactive. */
    @SuppressWarnings("FutureReturnValueIgnored")
    private void end(Http2Error error) {
        if (closing || closed) {
            return;
        }
        closing = true;
        pool.closed(this);
        goAway(ctx(), 0, error.code(), Unpooled.EMPTY_BUFFER, ctx().newPromise());
        ctx().flush();
        Channels.close(ctx());
    }
}
