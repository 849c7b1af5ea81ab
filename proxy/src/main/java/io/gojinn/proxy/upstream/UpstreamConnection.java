package io.gojinn.proxy.upstream;

import io.gojinn.proxy.http.DeadlineTimer;
import io.gojinn.proxy.transport.Channels;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * A connection to one target, carrying one request at a time: the last handler of its pipeline.
 *
 * <p>Confined to its event loop, which is that of every exchange it serves. It is lent to a {@link Forwarding} by {@link
 * #attach} and comes back by {@link #release} or ends by {@link #discard}. While it is idle one read stays open, so that a
 * target that closes is noticed, and any byte that comes closes it: nobody asked. What came together with the end of a
 * response closes it as well, so that nothing a target sends before a request is sent can pass for its answer.
 */
final class UpstreamConnection extends ChannelInboundHandlerAdapter {
    private final Channel channel;
    private final ClientCodec codec;
    private final TargetPool pool;
    private final DeadlineTimer timer;

    private @Nullable Forwarding user;
    private boolean fresh = true;
    private boolean interim;
    private boolean reading;
    private boolean paused;
    private boolean sending;
    private boolean discarded;
    private boolean closed;
    private long idleSinceNanos;

    UpstreamConnection(Channel channel, ClientCodec codec, TargetPool pool) {
        this.channel = channel;
        this.codec = codec;
        this.pool = pool;
        this.timer = new DeadlineTimer(channel.eventLoop(), this::expired);
    }

    /** Lends the connection. */
    void attach(Forwarding forwarding) {
        user = forwarding;
        interim = false;
        paused = false;
    }

    /** Whether no request was carried before the one it carries now. */
    boolean isFresh() {
        return fresh;
    }

    /** Whether it can carry another request, as far as can be told now. */
    boolean isUsable() {
        return !closed && channel.isActive();
    }

    /** Whether all that was written is with the kernel, and all that came was read, as far as can be told now. */
    boolean isQuiet() {
        return !sending && codec.isDrained();
    }

    long idleSinceNanos() {
        return idleSinceNanos;
    }

    boolean isWritable() {
        return channel.isWritable();
    }

    /** Writes a part of the request. Owns it. */
    void write(Object message) {
        sending |= message instanceof HttpRequest;
        if (message instanceof LastHttpContent) {
            Channels.write(channel, message, () -> sending = false);
        } else {
            Channels.write(channel, message);
        }
    }

    void flush() {
        channel.flush();
    }

    /** Stops or resumes reading the response. */
    void pause(boolean pause) {
        paused = pause;
        read();
    }

    void deadline(long nanoTime) {
        timer.set(nanoTime);
    }

    void noDeadline() {
        timer.clear();
    }

    /** Gives the connection back for another request, if it can carry one. */
    void release() {
        user = null;
        fresh = false;
        paused = false;
        idleSinceNanos = System.nanoTime();
        timer.clear();
        if (codec.hasExcess()) {
            spokenUnasked();
        } else {
            pool.giveBack(this);
            read();
        }
    }

    /** Ends the connection. */
    void discard() {
        user = null;
        discarded = true;
        timer.close();
        Channels.close(channel);
    }

    private void spokenUnasked() {
        pool.spokenUnasked();
        discard();
    }

    private void read() {
        if (!reading && !paused && !closed) {
            reading = true;
            channel.read();
        }
    }

    private void expired() {
        if (user != null) {
            user.timedOut();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        Forwarding forwarding = user;
        if (forwarding == null) {
            ReferenceCountUtil.release(message);
            // The rest of what was decoded follows even after the connection was given up.
            if (!discarded) {
                spokenUnasked();
            }
        } else if (message instanceof HttpResponse response) {
            // A failed header section comes as a whole message.
            if (response.decoderResult().isFailure()) {
                Throwable cause = response.decoderResult().cause();
                ReferenceCountUtil.release(message);
                forwarding.malformed(cause);
            } else {
                interim = ClientCodec.isInterim(response);
                forwarding.responded(response);
            }
        } else if (interim && message instanceof LastHttpContent last) {
            // Netty ends an interim response like any other.
            interim = false;
            last.release();
        } else if (message instanceof HttpContent content) {
            if (content.decoderResult().isFailure()) {
                Throwable cause = content.decoderResult().cause();
                content.release();
                forwarding.malformed(cause);
            } else {
                forwarding.contentReceived(content);
            }
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reading = false;
        if (user != null) {
            user.readComplete();
        }
        read();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (user != null) {
            user.upstreamWritabilityChanged();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closed = true;
        timer.close();
        pool.closed(this);
        Forwarding forwarding = user;
        user = null;
        if (forwarding != null) {
            forwarding.upstreamClosed();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // What follows from it is told by channelInactive.
        Channels.close(channel);
    }
}
