package io.gojinn.proxy.http;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.failure.Http2Fault;
import io.gojinn.proxy.transport.Channels;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http2.DecoratingHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2FrameWriter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2PromisedRequestVerifier;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's HTTP/2 connection: it carries exchanges side by side, the last handler of the pipeline (RFC 9113).
 *
 * <p>Confined to its event loop. Frames, HPACK, stream states and flow control are Netty's; this class turns streams into
 * exchanges, bounds what a client may do, and ends the connection. The client is always read from: what it may send is
 * bounded by windows and by the {@link FrameGuard}. Streams share the connection evenly: priorities are deprecated and have no
 * effect (RFC 9113, 5.3.2).
 *
 * <p>A violation of the protocol ends the connection with GOAWAY, one within a stream ends that stream with RST_STREAM. Either
 * way the write side is closed first, and what the client still sends is dropped for a bounded time.
 *
 * <p>A drain loses nothing (RFC 9113, 6.8): a first GOAWAY stops the client from opening streams while those on the way are
 * taken, a second one, a round trip later, tells it which were.
 */
public final class Http2Connection extends Http2ConnectionHandler implements ClientConnection {
    private static final Logger LOG = LoggerFactory.getLogger(Http2Connection.class);
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long DRAIN_PING = 0x676f_6a69_6e6eL;
    // Compressed blocks beyond this multiple of the limit are not even decoded for an answer.
    private static final int MAX_BLOCK_FACTOR = 4;

    private final ConnectionContext context;
    private final io.netty.handler.codec.http2.Http2Connection.PropertyKey streamKey;
    private final FrameGuard guard;
    private final RecentStreams recentStreams;
    private final DeadlineTimer timer;

    private @Nullable ChannelHandlerContext handlerContext;
    private boolean inRead;
    private boolean closing;
    private boolean closed;
    private boolean drainBegun;
    private boolean lastStreamTold;
    private long openedNanos;
    private long idleSinceNanos;
    private long drainSinceNanos;
    private long deadlineNanos;

    private Http2Connection(
            ConnectionContext context,
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            FrameGuard guard,
            RecentStreams recentStreams) {
        super(decoder, encoder, settings, true);
        this.context = context;
        this.guard = guard;
        this.recentStreams = recentStreams;
        this.timer = new DeadlineTimer(context.loop(), this::expired);
        this.streamKey = connection().newKey();
        decoder.frameListener(new Frames());
        connection().addListener(new Streams());
        encoder.flowController().listener(stream -> {
            Http2ClientStream client = of(stream);
            if (client != null) {
                client.writabilityChanged();
            }
        });
    }

    /** A connection for this channel, to be added last to its pipeline. */
    public static Http2Connection of(Channel channel, ConnectionSettings settings, LoopConnections peers) {
        Http2Limits limits = settings.http2();
        RecentStreams recentStreams = new RecentStreams();
        DefaultHttp2Connection connection = new DefaultHttp2Connection(true);
        connection
                .remote()
                .flowController(
                        new DefaultHttp2RemoteFlowController(connection, new UniformStreamByteDistributor(connection)));
        long maxBlockBytes = (long) MAX_BLOCK_FACTOR * settings.headerBytes();
        FrameGuard guard = new FrameGuard(
                new DefaultHttp2FrameReader(headersDecoder(settings.headerBytes(), maxBlockBytes)),
                connection,
                recentStreams,
                maxBlockBytes,
                limits);
        Progress writer = new Progress(new DefaultHttp2FrameWriter(), connection, guard);
        Http2ConnectionEncoder encoder = new DefaultHttp2ConnectionEncoder(connection, writer) {
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
        Http2ConnectionDecoder decoder =
                new DefaultHttp2ConnectionDecoder(
                        connection, encoder, guard, Http2PromisedRequestVerifier.ALWAYS_VERIFY, true, true, true) {
                    @Override
                    protected long calculateMaxHeaderListSizeGoAway(long maxHeaderListSize) {
                        return maxBlockBytes;
                    }
                };
        Http2Settings announced = new Http2Settings()
                .maxConcurrentStreams(limits.streams())
                .maxHeaderListSize(settings.headerBytes())
                // RFC 8441, 3
                .connectProtocolEnabled(true);
        Http2Connection opened = new Http2Connection(
                ConnectionContext.of(channel, settings, peers), decoder, encoder, announced, guard, recentStreams);
        writer.key = opened.streamKey;
        return opened;
    }

    private static DefaultHttp2HeadersDecoder headersDecoder(int maxListBytes, long maxBlockBytes) {
        DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(true, maxListBytes);
        try {
            decoder.maxHeaderListSize(maxListBytes, maxBlockBytes);
        } catch (Http2Exception impossible) {
            throw new IllegalArgumentException(impossible);
        }
        return decoder;
    }

    /** Notes which streams get on. */
    private static final class Progress extends DecoratingHttp2FrameWriter {
        private final DefaultHttp2Connection connection;
        private final FrameGuard guard;
        private io.netty.handler.codec.http2.Http2Connection.@Nullable PropertyKey key;

        Progress(Http2FrameWriter delegate, DefaultHttp2Connection connection, FrameGuard guard) {
            super(delegate);
            this.connection = connection;
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
            Http2Stream stream = connection.stream(streamId);
            Http2ClientStream client = stream == null || key == null ? null : stream.getProperty(key);
            if (client != null) {
                client.wrote();
            }
            return super.writeData(ctx, streamId, data, padding, endStream, promise);
        }
    }

    private @Nullable Http2ClientStream of(@Nullable Http2Stream stream) {
        return stream == null ? null : stream.getProperty(streamKey);
    }

    private ChannelHandlerContext ctx() {
        if (handlerContext == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return handlerContext;
    }

    // What a stream sees of its connection.

    ConnectionContext context() {
        return context;
    }

    ChannelPromise promise() {
        return ctx().newPromise();
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    void writeHeaders(Http2Stream stream, Http2Headers section, boolean endOfStream, ChannelPromise promise) {
        encoder().writeHeaders(ctx(), stream.id(), section, 0, endOfStream, promise);
    }

    /** Writes a piece of a body. Owns it. */
    @SuppressWarnings("FutureReturnValueIgnored")
    void writeData(Http2Stream stream, ByteBuf piece, boolean endOfStream, ChannelPromise promise) {
        encoder().writeData(ctx(), stream.id(), piece, 0, endOfStream, promise);
    }

    /** Sends what was written: at the end of a read that goes on, or now. */
    void flushSoon() {
        if (!inRead && !closed) {
            flush(ctx());
        }
    }

    boolean isWritable(Http2Stream stream) {
        return !closed && encoder().flowController().isWritable(stream);
    }

    boolean hasPending(Http2Stream stream) {
        return !closed && encoder().flowController().hasFlowControlled(stream);
    }

    /** Gives the client its window back. */
    void consumed(Http2Stream stream, int bytes) {
        try {
            if (!closed && decoder().flowController().consumeBytes(stream, bytes)) {
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
        encoder().writeRstStream(ctx(), stream.id(), error.code(), promise());
        flushSoon();
    }

    // From the client.

    private final class Frames extends Http2FrameAdapter {
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
            Http2Stream stream = connection().stream(streamId);
            if (stream == null) {
                return;
            }
            Http2ClientStream client = of(stream);
            if (client != null) {
                client.trailersReceived(section);
            } else if (connection().numActiveStreams()
                    > context.settings().http2().streams()) {
                fault(Http2Fault.STREAMS);
                reset(stream, Http2Error.REFUSED_STREAM);
                countReset();
            } else {
                open(
                        stream,
                        Http2Message.request(
                                section, endOfStream, context.settings().headerCount()),
                        endOfStream);
            }
        }

        @Override
        public int onDataRead(ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream) {
            Http2ClientStream client = of(connection().stream(streamId));
            // Padding is done with at once: it fills windows, not memory.
            return padding + (client == null ? data.readableBytes() : client.dataReceived(data, endOfStream));
        }

        @Override
        public void onSettingsAckRead(ChannelHandlerContext ctx) {
            // Streams are counted here, from the first on: Netty would refuse one without knowing it afterwards,
            // and take what follows on it for a violation.
            connection().remote().maxActiveStreams(Integer.MAX_VALUE);
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext ctx, long data) {
            if (data == DRAIN_PING && drainBegun) {
                tellLastStream();
            }
        }

        @Override
        public void onGoAwayRead(ChannelHandlerContext ctx, int lastStreamId, long errorCode, ByteBuf debugData) {
            lastStreamTold = true;
            closeWhenDone();
        }
    }

    private final class Streams extends Http2ConnectionAdapter {
        @Override
        public void onStreamActive(Http2Stream stream) {
            lookAt(System.nanoTime() + context.settings().idleTimeoutNanos());
        }

        @Override
        public void onStreamClosed(Http2Stream stream) {
            Http2ClientStream client = of(stream);
            boolean whole = client != null && client.inputEnded();
            recentStreams.add(
                    stream.id(),
                    stream.isResetSent()
                            ? RecentStreams.Fate.RESET_HERE
                            : whole ? RecentStreams.Fate.ENDED : RecentStreams.Fate.RESET_BY_CLIENT);
            if (client != null) {
                client.closed();
            }
            if (connection().numActiveStreams() == 0) {
                idleSinceNanos = System.nanoTime();
                closeWhenDone();
            }
        }
    }

    private void open(Http2Stream stream, Http2Message.Request request, boolean endOfStream) {
        Http2ClientStream client = new Http2ClientStream(this, stream);
        stream.setProperty(streamKey, client);
        Exchange exchange =
                context.service().exchange(context, client, request.message(), request.checked(), System.nanoTime());
        if (request.checked() instanceof RequestHead.Refused refused
                && refused.failure().fault() == ClientFault.MALFORMED) {
            // RFC 9113, 8.1.1
            exchange.refused(refused.failure());
            reset(stream, Http2Error.PROTOCOL_ERROR);
            countReset();
        } else {
            client.open(exchange, endOfStream);
        }
    }

    // Errors.

    private void fault(Http2Fault fault) {
        context.settings().metrics().http2Fault(fault);
    }

    private void countReset() {
        try {
            guard.resetForClient();
        } catch (Http2Exception tooMany) {
            onError(ctx(), false, tooMany);
        }
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored")
    protected void onStreamError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, Http2Exception.StreamException error) {
        int streamId = error.streamId();
        LOG.debug("stream {} of {} failed", streamId, context.clientAddress(), error);
        Http2Stream stream = connection().stream(streamId);
        if (outbound) {
            // What was still to be sent on a stream that has ended is of no interest any more.
            if (stream != null) {
                reset(stream, Http2Error.INTERNAL_ERROR);
            }
            return;
        }
        boolean wasReset =
                stream == null ? recentStreams.fate(streamId) == RecentStreams.Fate.RESET_HERE : stream.isResetSent();
        if (wasReset && error.error() == Http2Error.STREAM_CLOSED) {
            // It was on its way when the stream was reset (RFC 9113, 5.1).
            return;
        }
        if (stream == null) {
            stream = created(streamId);
        }
        boolean tooLarge = error instanceof Http2Exception.HeaderListSizeException;
        Failure.Client failure = new Failure.Client(
                tooLarge ? ClientFault.HEADERS_TOO_LARGE : ClientFault.MALFORMED, String.valueOf(error.getMessage()));
        if (stream == null) {
            resetStream(ctx, streamId, error.error().code(), ctx.newPromise());
            countReset();
            return;
        }
        Http2ClientStream client = of(stream);
        if (client == null) {
            HttpRequest unknown = new DefaultHttpRequest(Http2Message.HTTP_2, HttpMethod.valueOf("-"), "-");
            Http2Message.Request refused = new Http2Message.Request(unknown, new RequestHead.Refused(failure));
            open(stream, refused, false);
        } else {
            // RFC 9113, 5.1: what follows END_STREAM is refused for that, whatever else is wrong with it.
            boolean after = client.inputEnded() && guard.readsMessage();
            client.refuse(after ? Http2Error.STREAM_CLOSED : error.error(), failure);
            countReset();
        }
    }

    // A header block that is malformed makes a stream all the same: what follows on it is no violation of its own.
    private @Nullable Http2Stream created(int streamId) {
        if (connection().streamMayHaveExisted(streamId)
                || !connection().remote().isValidStreamId(streamId)) {
            return null;
        }
        try {
            return connection().remote().createStream(streamId, false);
        } catch (Http2Exception refused) {
            return null;
        }
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception error) {
        if (closing) {
            return;
        }
        if (error == null && cause instanceof IOException) {
            // What was written found nobody.
            LOG.debug("connection of {} failed", context.clientAddress(), cause);
        } else if (error == null) {
            LOG.warn("connection of {} failed", context.clientAddress(), cause);
        } else {
            LOG.debug("connection of {} broke the protocol", context.clientAddress(), cause);
            Http2Fault violated = guard.violated();
            fault(violated == null ? Http2Fault.PROTOCOL : violated);
        }
        end(error == null ? Http2Error.INTERNAL_ERROR : error.error());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) {
            super.exceptionCaught(ctx, cause);
            return;
        }
        // A peer that resets or breaks TLS is no defect of ours; what is left to do is to close.
        if (cause instanceof IOException || cause instanceof DecoderException) {
            LOG.debug("connection of {} failed", context.clientAddress(), cause);
        } else {
            LOG.warn("connection of {} failed", context.clientAddress(), cause);
        }
        Channels.close(ctx);
    }

    // Events of the channel.

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        handlerContext = ctx;
        openedNanos = System.nanoTime();
        idleSinceNanos = openedNanos;
        deadlineNanos = openedNanos + context.settings().headerTimeoutNanos();
        timer.set(deadlineNanos);
        super.handlerAdded(ctx);
        int window = context.settings().http2().connectionWindow() - Http2Limits.STREAM_WINDOW;
        if (window > 0) {
            decoder().flowController().incrementWindowSize(connection().connectionStream(), window);
        }
        context.peers().opened(this);
        flush(ctx);
        ctx.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (closing) {
            ReferenceCountUtil.release(message);
            return;
        }
        inRead = true;
        super.channelRead(ctx, message);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        if (closing) {
            in.skipBytes(in.readableBytes());
        } else {
            super.decode(ctx, in, out);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        inRead = false;
        super.channelReadComplete(ctx);
        if (guard.waits()) {
            lookAt(guard.waitingSinceNanos() + context.settings().headerTimeoutNanos());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        super.channelInactive(ctx);
        ended();
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) throws Exception {
        super.handlerRemoved0(ctx);
        ended();
    }

    private void ended() {
        if (!closed) {
            closed = true;
            timer.close();
            context.peers().closed(this);
        }
    }

    // Time.

    /** Looks at this time at what streams wait for, if not before. */
    void lookAt(long nanoTime) {
        if (!closing && nanoTime - deadlineNanos < 0) {
            deadlineNanos = nanoTime;
            timer.set(nanoTime);
        }
    }

    private void expired() {
        if (closing) {
            Channels.close(ctx());
            return;
        }
        long nowNanos = System.nanoTime();
        ConnectionSettings settings = context.settings();
        if (isLate(nowNanos)) {
            fault(Http2Fault.SLOW);
            end(Http2Error.ENHANCE_YOUR_CALM);
            return;
        }
        if (drainBegun
                && !lastStreamTold
                && nowNanos - drainSinceNanos >= context.peers().quietNanos()) {
            tellLastStream();
        }
        if (connection().numActiveStreams() == 0 && nowNanos - idleSinceNanos >= settings.idleTimeoutNanos()) {
            if (!context.peers().draining()) {
                settings.metrics().idleClosed();
            }
            end(Http2Error.NO_ERROR);
            return;
        }
        deadlineNanos = nowNanos + settings.idleTimeoutNanos();
        timer.set(deadlineNanos);
        if (connection().numActiveStreams() == 0) {
            lookAt(idleSinceNanos + settings.idleTimeoutNanos());
        }
        for (Http2ClientStream client : streams()) {
            client.expire(nowNanos, settings.idleTimeoutNanos());
        }
        if (guard.waits()) {
            lookAt(guard.waitingSinceNanos() + settings.headerTimeoutNanos());
        }
        if (drainBegun && !lastStreamTold) {
            lookAt(drainSinceNanos + context.peers().quietNanos());
        }
    }

    private boolean isLate(long nowNanos) {
        long limitNanos = context.settings().headerTimeoutNanos();
        return (!decoder().prefaceReceived() && nowNanos - openedNanos >= limitNanos)
                || (guard.waits() && nowNanos - guard.waitingSinceNanos() >= limitNanos);
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
            ctx.executor().execute(() -> streams().forEach(Http2ClientStream::writabilityChanged));
        }
    }

    private List<Http2ClientStream> streams() {
        List<Http2ClientStream> streams = new ArrayList<>(connection().numActiveStreams());
        try {
            connection().forEachActiveStream(stream -> {
                Http2ClientStream client = of(stream);
                if (client != null) {
                    streams.add(client);
                }
                return true;
            });
        } catch (Http2Exception impossible) {
            throw new IllegalStateException(impossible);
        }
        return streams;
    }

    // The end of the connection.

    @Override
    public ConnectionSettings settings() {
        return context.settings();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored")
    public void drain() {
        if (drainBegun || closing) {
            return;
        }
        drainBegun = true;
        drainSinceNanos = System.nanoTime();
        goAway(ctx(), Integer.MAX_VALUE, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, promise());
        encoder().writePing(ctx(), false, DRAIN_PING, promise());
        flush(ctx());
        lookAt(drainSinceNanos + context.peers().quietNanos());
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void tellLastStream() {
        if (lastStreamTold) {
            return;
        }
        lastStreamTold = true;
        goAway(
                ctx(),
                connection().remote().lastStreamCreated(),
                Http2Error.NO_ERROR.code(),
                Unpooled.EMPTY_BUFFER,
                promise());
        flushSoon();
        closeWhenDone();
    }

    private void closeWhenDone() {
        if (lastStreamTold && !closing && connection().numActiveStreams() == 0) {
            end(Http2Error.NO_ERROR);
        }
    }

    @Override
    public void stop() {
        for (Http2ClientStream client : streams()) {
            if (client.stop()) {
                context.peers().countCutOff();
            }
        }
        end(Http2Error.NO_ERROR);
        Channels.close(ctx());
    }

    /** Says why, drops what is open, closes the write side and waits a while for the client to do the same. */
    @SuppressWarnings("FutureReturnValueIgnored")
    private void end(Http2Error error) {
        if (closing || closed) {
            return;
        }
        closing = true;
        // Past Netty's goAway, which closes at once when there is an error: the client could lose what was sent to it.
        encoder()
                .frameWriter()
                .writeGoAway(
                        ctx(),
                        connection().remote().lastStreamCreated(),
                        error.code(),
                        Unpooled.EMPTY_BUFFER,
                        promise());
        streams().forEach(Http2ClientStream::closed);
        timer.set(System.nanoTime() + LINGER_NANOS);
        Channels.finishOutput(ctx(), () -> {});
    }
}
