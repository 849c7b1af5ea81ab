package io.gojinn.proxy.http;

import static io.netty.handler.codec.http2.Http2CodecUtil.FRAME_HEADER_LENGTH;

import io.gojinn.proxy.failure.Http2Fault;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameReader;
import io.netty.handler.codec.http2.Http2FrameTypes;
import org.jspecify.annotations.Nullable;

/**
 * Looks at every frame that a peer sends before it is decoded, and stops those who only make work (RFC 9113, 10.5).
 *
 * <p>Each kind of frame that carries no request has a {@link RateLimit} of its own, and a header block has a most number of
 * frames and bytes. Whole frames are handed on, so that it is known how long an unfinished one is under way. Confined to the
 * event loop of the connection.
 */
public final class FrameGuard implements Http2FrameReader {
    // A header list of the default limit needs three frames of the default size.
    private static final int MAX_BLOCK_FRAMES = 16;
    // nghttp2, curl and browsers send at most two for each frame of a body.
    private static final int WINDOW_UPDATES_PER_DATA = 4;

    private final Http2FrameReader frames;
    private final Http2Connection connection;
    private final @Nullable RecentStreams recent;
    private final long maxBlockBytes;

    private final RateLimit resets;
    private final RateLimit pings;
    private final RateLimit settings;
    private final RateLimit priorities;
    private final RateLimit windowUpdates;
    private final RateLimit emptyData;
    private final RateLimit others;

    private byte type;
    private boolean inBlock;
    private int blockFrames;
    private long blockBytes;
    private boolean waiting;
    private long waitingSinceNanos;
    private @Nullable Http2Fault violated;

    /**
     * Guards the reader of a connection to a server.
     *
     * @param maxBlockBytes of a header block as it is sent; what it decodes to has its own limit
     */
    public FrameGuard(Http2FrameReader frames, Http2Connection connection, long maxBlockBytes, Http2Limits limits) {
        this(frames, connection, null, maxBlockBytes, limits);
    }

    /**
     * Guards a reader.
     *
     * @param recent streams that have ended lately; null where the peer opens none
     * @param maxBlockBytes of a header block as it is sent; what it decodes to has its own limit
     */
    FrameGuard(
            Http2FrameReader frames,
            Http2Connection connection,
            @Nullable RecentStreams recent,
            long maxBlockBytes,
            Http2Limits limits) {
        long nowNanos = System.nanoTime();
        this.frames = frames;
        this.connection = connection;
        this.recent = recent;
        this.maxBlockBytes = maxBlockBytes;
        this.resets = new RateLimit(limits.resets(), nowNanos);
        this.pings = new RateLimit(limits.controlFrames(), nowNanos);
        this.settings = new RateLimit(limits.controlFrames(), nowNanos);
        this.priorities = new RateLimit(limits.controlFrames(), nowNanos);
        this.windowUpdates = new RateLimit(limits.controlFrames(), nowNanos);
        this.emptyData = new RateLimit(limits.controlFrames(), nowNanos);
        this.others = new RateLimit(limits.controlFrames(), nowNanos);
    }

    /** The limit that was broken, null when none was. */
    public @Nullable Http2Fault violated() {
        return violated;
    }

    /** A frame of a body was sent: the client may answer it with window updates. */
    public void dataSent() {
        windowUpdates.give(WINDOW_UPDATES_PER_DATA);
        if (recent == null) {
            // A server may measure its bandwidth with as many.
            pings.give(1);
        }
    }

    /** A stream was opened on this side: the peer may reset it. */
    public void streamOpened() {
        resets.give(1);
    }

    /**
     * A stream was reset for what the client did on it.
     *
     * @throws Http2Exception when these are too many
     */
    void resetForClient() throws Http2Exception {
        spend(resets, System.nanoTime(), Http2Fault.RESETS);
    }

    /** Whether the frame that is read now carries a header block or a body, which a stream takes no more once it has ended. */
    boolean readsMessage() {
        return type == Http2FrameTypes.HEADERS || type == Http2FrameTypes.CONTINUATION || type == Http2FrameTypes.DATA;
    }

    /** Whether a header block, or a frame other than DATA, has begun and is not whole. */
    boolean waits() {
        return waiting;
    }

    /** Since when it waits, in terms of {@link System#nanoTime}. */
    long waitingSinceNanos() {
        return waitingSinceNanos;
    }

    @Override
    public void readFrame(ChannelHandlerContext ctx, ByteBuf input, Http2FrameListener listener) throws Http2Exception {
        int start = input.readerIndex();
        int available = input.readableBytes();
        boolean headerWhole = available >= FRAME_HEADER_LENGTH;
        int length = headerWhole ? input.getUnsignedMedium(start) : 0;
        type = headerWhole ? input.getByte(start + 3) : -1;
        if (length > configuration().frameSizePolicy().maxFrameSize()) {
            frames.readFrame(ctx, input, listener);
            return;
        }
        if (!headerWhole || available < FRAME_HEADER_LENGTH + length) {
            waitFor(inBlock || type != Http2FrameTypes.DATA);
            return;
        }
        check(new Http2Flags(input.getUnsignedByte(start + 4)), input, start + 5, length);
        waitFor(inBlock);
        frames.readFrame(ctx, input.readSlice(FRAME_HEADER_LENGTH + length), listener);
    }

    private void waitFor(boolean more) {
        if (more && !waiting) {
            waitingSinceNanos = System.nanoTime();
        }
        waiting = more;
    }

    private void check(Http2Flags flags, ByteBuf input, int streamIdAt, int length) throws Http2Exception {
        switch (type) {
            case Http2FrameTypes.DATA -> {
                if (!flags.endOfStream() && isEmpty(flags, input, streamIdAt + 4, length)) {
                    spend(emptyData, Http2Fault.EMPTY_DATA);
                }
            }
            case Http2FrameTypes.HEADERS -> {
                refuseForgotten(input.getInt(streamIdAt) & Integer.MAX_VALUE);
                blockFrames = 0;
                blockBytes = 0;
                countBlock(flags, length);
            }
            case Http2FrameTypes.CONTINUATION -> countBlock(flags, length);
            case Http2FrameTypes.RST_STREAM -> spend(resets, Http2Fault.RESETS);
            case Http2FrameTypes.PING -> spend(pings, Http2Fault.PINGS);
            case Http2FrameTypes.SETTINGS -> spend(settings, Http2Fault.SETTINGS);
            case Http2FrameTypes.PRIORITY -> spend(priorities, Http2Fault.PRIORITIES);
            case Http2FrameTypes.WINDOW_UPDATE -> spend(windowUpdates, Http2Fault.WINDOW_UPDATES);
            default -> spend(others, Http2Fault.OTHER_FRAMES);
        }
    }

    // Padding is no content.
    private static boolean isEmpty(Http2Flags flags, ByteBuf input, int payloadAt, int length) {
        return length == 0 || (flags.paddingPresent() && length - 1 - input.getUnsignedByte(payloadAt) <= 0);
    }

    private void countBlock(Http2Flags flags, int length) throws Http2Exception {
        inBlock = !flags.endOfHeaders();
        blockFrames++;
        blockBytes += length;
        if (blockFrames > MAX_BLOCK_FRAMES || blockBytes > maxBlockBytes) {
            throw violation(Http2Fault.CONTINUATIONS);
        }
    }

    // RFC 9113, 5.1 and 5.1.1: a new identifier is greater than all before, and END_STREAM ends a request for good. For
    // a
    // stream that was reset the decoder answers.
    private void refuseForgotten(int streamId) throws Http2Exception {
        if (recent == null || connection.stream(streamId) != null || !connection.streamMayHaveExisted(streamId)) {
            return;
        }
        RecentStreams.Fate fate = recent.fate(streamId);
        if (fate == null) {
            throw Http2Exception.connectionError(
                    Http2Error.PROTOCOL_ERROR, "stream %d is behind those that were opened", streamId);
        } else if (fate == RecentStreams.Fate.ENDED) {
            throw Http2Exception.connectionError(Http2Error.STREAM_CLOSED, "stream %d has ended", streamId);
        }
    }

    private void spend(RateLimit limit, Http2Fault fault) throws Http2Exception {
        spend(limit, System.nanoTime(), fault);
    }

    private void spend(RateLimit limit, long nowNanos, Http2Fault fault) throws Http2Exception {
        if (!limit.take(nowNanos)) {
            throw violation(fault);
        }
    }

    private Http2Exception violation(Http2Fault fault) {
        violated = fault;
        return Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "too many: %s", fault.label());
    }

    @Override
    public Configuration configuration() {
        return frames.configuration();
    }

    @Override
    public void close() {
        frames.close();
    }
}
