package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.http.DeadlineTimer;
import io.gojinn.proxy.transport.Channels;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannelConfig;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 connection to one target, carrying one request at a time: the last handler of its pipeline.
 *
 * <p>Confined to its event loop, which is that of every exchange it serves. It goes back to its pool only when the request was
 * sent whole, the response came whole and alone, and neither side asked to close. While it is idle one read stays open, so
 * that a target that closes is noticed, and any byte that comes closes it: nobody asked. What came together with the end of a
 * response closes it as well, so that nothing a target sends before a request is sent can pass for its answer.
 */
final class Http1TargetConnection extends ChannelInboundHandlerAdapter implements TargetStream {
    // For the kernel to take what a tunnel has left.
    private static final long LAST_BYTES_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Channel channel;
    private final ClientCodec codec;
    private final @Nullable TlsRecords records;
    private final TargetPool pool;
    private final DeadlineTimer timer;

    private @Nullable Listener listener;
    private boolean used;
    private boolean head;
    private boolean requestSent;
    private boolean unflushed;
    private boolean responded;
    private boolean framed;
    private boolean persistent;
    private boolean broken;
    private boolean interim;
    private boolean reading;
    private boolean paused;
    private boolean discarded;
    private @Nullable HttpResponse agreement;
    private boolean tunnel;
    private boolean inputEnded;
    private boolean outputEnded;
    private boolean outputSent;
    private boolean closed;
    private long idleSinceNanos;

    /**
     * A connection that stands.
     *
     * @param records what TLS reads, null in clear text
     */
    Http1TargetConnection(Channel channel, ClientCodec codec, @Nullable TlsRecords records, TargetPool pool) {
        this.channel = channel;
        this.codec = codec;
        this.records = records;
        this.pool = pool;
        this.timer = new DeadlineTimer(channel.eventLoop(), this::expired);
    }

    /** Whether it can carry another request, as far as can be told now. */
    boolean isUsable() {
        return !closed && channel.isActive();
    }

    /** Whether all that was written is with the kernel, and all that came was read, as far as can be told now. */
    boolean isQuiet() {
        return !unflushed
                && Channels.hasSentAll(channel)
                && (records == null ? codec.isDrained() : records.isDrained());
    }

    long idleSinceNanos() {
        return idleSinceNanos;
    }

    // From the exchange.

    @Override
    public void begin(HttpRequest request, long bodyBytes, Listener listener) {
        this.listener = listener;
        head = request.method().equals(HttpMethod.HEAD);
        requestSent = false;
        responded = false;
        interim = false;
        paused = false;
        if (request.headers().contains(HttpHeaderNames.TE)) {
            request.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderNames.TE);
        }
        if (bodyBytes < 0) {
            request.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        unflushed = true;
        if (bodyBytes == 0) {
            // In one message, which is one buffer and one system call.
            requestSent = true;
            Channels.write(
                    channel,
                    new DefaultFullHttpRequest(
                            request.protocolVersion(),
                            request.method(),
                            request.uri(),
                            Unpooled.EMPTY_BUFFER,
                            request.headers(),
                            EmptyHttpHeaders.INSTANCE));
        } else {
            Channels.write(channel, request);
        }
        read();
    }

    @Override
    public void openTunnel(Listener through) {
        listener = through;
        tunnel = true;
        timer.clear();
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        // What came behind the response follows from here.
        channel.pipeline().remove(codec);
    }

    private void endOutput() {
        outputEnded = true;
        ChannelHandlerContext ctx = channel.pipeline().context(this);
        if (ctx == null) {
            return;
        }
        Channels.finishOutput(ctx, () -> {
            outputSent = true;
            closeTunnelIfOver();
        });
    }

    // Not before what the client sent last is with the kernel.
    private void closeTunnelIfOver() {
        if (listener == null && outputSent) {
            discard();
        }
    }

    @Override
    public void write(HttpContent content) {
        if (requestSent && !tunnel) {
            content.release();
            return;
        }
        unflushed = true;
        if (tunnel) {
            Channels.write(channel, content.content());
            if (content instanceof LastHttpContent) {
                endOutput();
            }
            return;
        }
        if (content instanceof LastHttpContent) {
            requestSent = true;
        }
        Channels.write(channel, content);
    }

    @Override
    public void flush() {
        if (unflushed) {
            unflushed = false;
            if (records != null || !Channels.hasSentAll(channel)) {
                channel.flush();
            }
        }
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    @Override
    public void pause(boolean paused) {
        this.paused = paused;
        read();
    }

    @Override
    public void deadline(long nanoTime) {
        timer.set(nanoTime);
    }

    @Override
    public void noDeadline() {
        timer.clear();
    }

    @Override
    public void cancel() {
        if (listener == null) {
            release();
        } else if (tunnel && inputEnded && outputEnded) {
            listener = null;
            timer.set(System.nanoTime() + LAST_BYTES_NANOS);
            closeTunnelIfOver();
        } else {
            discard();
        }
    }

    private void release() {
        listener = null;
        used = true;
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
        listener = null;
        discarded = true;
        timer.close();
        Channels.close(channel);
    }

    private void fail(UpstreamFault fault, String detail) {
        fail(fault, detail, Delivery.UNKNOWN);
    }

    private void fail(UpstreamFault fault, String detail, Delivery delivery) {
        Listener told = listener;
        discard();
        if (told != null) {
            told.failed(fault, detail, delivery);
        }
    }

    private void malformed(String detail) {
        fail(responded ? UpstreamFault.TRUNCATED : UpstreamFault.PROTOCOL, detail);
    }

    private void expired() {
        if (tunnel) {
            discard();
            return;
        }
        fail(UpstreamFault.RESPONSE_TIMEOUT, "");
    }

    private void spokenUnasked() {
        pool.spokenUnasked();
        discard();
    }

    private void read() {
        if (!reading && !paused && !closed && !inputEnded) {
            reading = true;
            channel.read();
        }
    }

    // From the target.

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        Listener told = listener;
        if (tunnel && told != null && message instanceof ByteBuf bytes) {
            told.contentReceived(bytes);
        } else if (told == null) {
            ReferenceCountUtil.release(message);
            // The rest of what was decoded follows even after the connection was given up.
            if (!discarded && !tunnel) {
                spokenUnasked();
            }
        } else if (message instanceof HttpResponse response) {
            headReceived(told, response);
        } else if (message instanceof HttpContent content) {
            contentReceived(told, content);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void headReceived(Listener told, HttpResponse response) {
        // A failed header section comes as a whole message.
        if (response.decoderResult().isFailure()) {
            Throwable cause = response.decoderResult().cause();
            ReferenceCountUtil.release(response);
            malformed(String.valueOf(cause.getMessage()));
            return;
        }
        interim = ClientCodec.isInterim(response);
        if (interim) {
            told.responded(response);
            return;
        }
        HttpHeaders headers = response.headers();
        boolean chunked = headers.contains(HttpHeaderNames.TRANSFER_ENCODING);
        if (chunked) {
            List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
            if (codings.size() != 1 || !HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(codings.getFirst())) {
                malformed("Transfer-Encoding is " + codings + ", expected chunked");
                return;
            }
        }
        responded = true;
        int status = response.status().code();
        if (status == 101) {
            // Told when it has ended for its decoder too, which can then be taken out.
            agreement = response;
            return;
        }
        boolean framed =
                chunked || head || status == 204 || status == 304 || headers.contains(HttpHeaderNames.CONTENT_LENGTH);
        persistent = framed && HttpUtil.isKeepAlive(response);
        told.responded(response);
    }

    private void contentReceived(Listener told, HttpContent content) {
        HttpResponse switching = agreement;
        if (content.decoderResult().isFailure()) {
            Throwable cause = content.decoderResult().cause();
            content.release();
            malformed(String.valueOf(cause.getMessage()));
        } else if (!(content instanceof LastHttpContent last)) {
            told.contentReceived(content.content());
        } else if (switching != null) {
            agreement = null;
            last.release();
            told.responded(switching);
        } else if (interim) {
            // Netty ends an interim response like any other.
            interim = false;
            last.release();
        } else if (broken && !framed) {
            last.release();
            malformed("the end of the connection was no end of the response");
        } else {
            if (persistent && requestSent) {
                release();
            } else {
                discard();
            }
            told.ended(last);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reading = false;
        if (listener != null) {
            listener.readComplete();
        }
        read();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        // Without the goodbye of TLS anybody may have cut the response off (RFC 9112, 9.8).
        broken |= event instanceof SslCloseCompletionEvent goodbye && !goodbye.isSuccess();
        if (tunnel && !inputEnded && listener != null && Channels.isEndOfInput(event)) {
            endInput();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    private void endInput() {
        inputEnded = true;
        if (listener != null) {
            listener.ended(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (listener != null) {
            listener.targetWritabilityChanged();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closed = true;
        pool.closed(this);
        // Netty knows half-closed Unix domain sockets with epoll alone: otherwise the end of input closes them.
        if (tunnel && !inputEnded && !broken && !(channel.config() instanceof SocketChannelConfig)) {
            endInput();
        }
        if (responded) {
            fail(UpstreamFault.TRUNCATED, "");
        } else {
            fail(UpstreamFault.CLOSED, "", used ? Delivery.STALE : Delivery.UNKNOWN);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // What follows from it is told by channelInactive.
        broken = true;
        Channels.close(channel);
    }
}
