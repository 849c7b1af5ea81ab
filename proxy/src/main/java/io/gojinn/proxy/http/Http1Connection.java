package io.gojinn.proxy.http;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.transport.Channels;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's HTTP/1.1 connection: it carries exchanges strictly one after the other, the last handler of the pipeline.
 *
 * <p>Confined to its event loop. Reads are asked for one by one, and only while nothing that was read waits here: what waits
 * is at most what one read was decoded to. While an exchange is answered one read stays open, so that a client that leaves is
 * noticed.
 *
 * <p>A connection ends by half-close: the write side first, then what the client still sends is read and dropped for a
 * bounded time, because closing with unread bytes resets the connection and can destroy an answer on its way (RFC 9112,
 * 9.6).
 */
public final class Http1Connection extends ChannelInboundHandlerAdapter implements ClientConnection, ClientStream {
    /** The event by which the decoder tells that a header section has begun but is not whole. */
    public static final Object HEAD_STARTED = new Object();

    /** What is read of a body that no action wants, rather than giving the connection up. */
    private static final int MAX_DISCARDED_BYTES = 64 << 10;

    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final Logger LOG = LoggerFactory.getLogger(Http1Connection.class);

    private final ConnectionContext connection;
    private final ConnectionSettings settings;
    private final LoopConnections peers;
    private final ArrayDeque<HttpObject> pending = new ArrayDeque<>();
    private final Channel channel;
    private final boolean encrypted;
    private final UpgradeGate gate;
    private final DeadlineTimer timer;
    private final DeadlineTimer bodyTimer;

    // Set when the handler is added, before any event.
    private @Nullable ChannelHandlerContext context;

    private @Nullable Exchange current;
    private RequestHead.@Nullable Host lastHost;
    // What the current exchange has answered and is not written yet.
    private @Nullable ResponseHead head;
    private boolean keepAlive;
    private boolean pumping;
    private boolean reading;
    private boolean headStarted;
    private boolean closing;
    private boolean lingering;
    private boolean tunnel;
    private boolean inputEnded;
    private boolean closed;
    private int discardedBytes;
    private long idleSinceNanos;
    private long headSinceNanos;
    private long lastReadNanos;
    private long lastPassedBytes;
    private long lastPendingBytes;
    private long lastProgress;

    /**
     * A connection for this channel, to be added last to its pipeline.
     *
     * @param gate the codec in front of it
     */
    public Http1Connection(Channel channel, ConnectionSettings settings, LoopConnections peers, UpgradeGate gate) {
        this.gate = gate;
        this.connection = ConnectionContext.of(channel, settings, peers);
        this.channel = channel;
        this.encrypted = channel.pipeline().get(SslHandler.class) != null;
        this.settings = settings;
        this.peers = peers;
        this.timer = new DeadlineTimer(peers.loop(), this::expired);
        this.bodyTimer = new DeadlineTimer(peers.loop(), this::expireBody);
    }

    private ChannelHandlerContext ctx() {
        if (context == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return context;
    }

    // What an exchange sees of its connection.

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    @Override
    public void inform(HttpResponseStatus status, HttpHeaders headers) {
        Channels.write(channel, new ResponseHead(status, headers, false));
        Channels.write(channel, LastHttpContent.EMPTY_LAST_CONTENT);
        flush();
    }

    @Override
    public void begin(Exchange exchange, HttpResponseStatus status, HttpHeaders headers, boolean bodiless) {
        boolean speaksHttp11 = exchange.request().protocolVersion().equals(HttpVersion.HTTP_1_1);
        boolean framed = bodiless || headers.contains(HttpHeaderNames.CONTENT_LENGTH);
        if (!framed && speaksHttp11) {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
            framed = true;
        }
        keepAlive = keepAlive && framed && mayStayOpen(exchange);
        if (!keepAlive) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (!speaksHttp11) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        head = new ResponseHead(status, headers, bodiless);
    }

    /** Writes the header section that waits for what comes with it, if one does. */
    private void writeHead() {
        ResponseHead waiting = head;
        if (waiting != null) {
            head = null;
            Channels.write(channel, waiting);
        }
    }

    @Override
    public void openTunnel(Exchange exchange, String protocol, HttpHeaders headers) {
        headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
        headers.set(HttpHeaderNames.UPGRADE, protocol);
        Channels.write(channel, new ResponseHead(HttpResponseStatus.SWITCHING_PROTOCOLS, headers, true));
        Channels.write(channel, LastHttpContent.EMPTY_LAST_CONTENT);
        flush();
        keepAlive = false;
        headStarted = false;
        tunnel = true;
        // What is silent for how long is the tunnel's.
        timer.clear();
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        channel.pipeline().remove(gate);
    }

    @Override
    public void write(ByteBuf piece) {
        writeHead();
        Channels.write(channel, tunnel ? piece : new DefaultHttpContent(piece));
    }

    @Override
    public void flush() {
        writeHead();
        ctx().flush();
    }

    @Override
    public void finish(Exchange exchange, LastHttpContent last) {
        if (tunnel) {
            last.release();
            Channels.finishOutput(ctx(), () -> {
                exchange.outputClosed();
                pump();
            });
            return;
        }
        ResponseHead waiting = head;
        head = null;
        // A short answer in one message becomes one buffer.
        HttpObject end = waiting == null ? last : new WholeResponse(waiting, last);
        if (encrypted) {
            ctx().writeAndFlush(end).addListener(sent -> answered(exchange, sent.isSuccess()));
            return;
        }
        Channels.write(channel, end);
        if (!Channels.hasSentAll(channel)) {
            ctx().flush();
        }
        if (!channel.isActive() || Channels.hasSentAll(channel)) {
            // Nearly always at once, so that no promise is needed.
            answered(exchange, channel.isActive());
        } else {
            // Told when what was written before it is with the kernel.
            ctx().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(sent -> answered(exchange, sent.isSuccess()));
        }
    }

    @Override
    public void closeAfter() {
        keepAlive = false;
    }

    // Whether the connection can take another request after this exchange, as far as can be told now.
    private boolean mayStayOpen(Exchange exchange) {
        if (exchange.bodyInDoubt() || exchange.remainingBytes() > MAX_DISCARDED_BYTES) {
            return false;
        }
        // A request that is already here gets its answer on this connection, also while it drains.
        return !connection.draining() || headStarted || hasPipelined(exchange);
    }

    private boolean hasPipelined(Exchange exchange) {
        return exchange.bodyComplete() ? !pending.isEmpty() : pending.size() > 1;
    }

    @Override
    public void resume() {
        pump();
    }

    @Override
    public void watchBody(long nanoTime) {
        bodyTimer.set(nanoTime);
    }

    private void expireBody() {
        if (current != null) {
            current.expireBody(System.nanoTime());
        }
    }

    @Override
    public void abort() {
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        ChannelHandlerContext first = channel.pipeline().firstContext();
        // From the head of the pipeline: TLS must not say goodbye (RFC 8446, 6.1).
        if (first != null) {
            Channels.close(first);
        } else {
            Channels.close(channel);
        }
    }

    // Drain.

    @Override
    public ConnectionSettings settings() {
        return settings;
    }

    @Override
    public void drain() {
        if (current == null && !lingering && !headStarted) {
            idleSinceNanos = System.nanoTime();
            timer.set(idleSinceNanos + idleLimitNanos());
        }
    }

    @Override
    public void stop() {
        Exchange exchange = current;
        if (exchange != null && !exchange.ended()) {
            peers.countCutOff();
            exchange.stopped();
            abort();
        } else {
            Channels.close(channel);
        }
    }

    private long idleLimitNanos() {
        return connection.draining()
                ? Math.min(peers.quietNanos(), settings.idleTimeoutNanos())
                : settings.idleTimeoutNanos();
    }

    // Events of the channel.

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        idleSinceNanos = System.nanoTime();
        timer.set(idleSinceNanos + settings.headerTimeoutNanos());
        peers.opened(this);
        if (channel.isActive()) {
            pump();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        pump();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (closing || closed) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof HttpRequest) {
            headStarted = false;
        }
        pending.add(message instanceof ByteBuf bytes ? new DefaultHttpContent(bytes) : (HttpObject) message);
        pump();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reading = false;
        pump();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (HEAD_STARTED.equals(event)) {
            headStarted = true;
            headSinceNanos = System.nanoTime();
            if (current == null && !closing) {
                timer.set(headSinceNanos + settings.headerTimeoutNanos());
            }
        } else if (tunnel && Channels.isEndOfInput(event)) {
            if (!inputEnded) {
                inputEnded = true;
                pending.add(LastHttpContent.EMPTY_LAST_CONTENT);
                pump();
            }
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (current != null) {
            current.writabilityChanged();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // A peer that resets or breaks TLS is no defect of ours; what is left to do is to close.
        if (cause instanceof IOException || cause instanceof DecoderException) {
            LOG.debug("connection of {} failed", connection.clientAddress(), cause);
        } else {
            LOG.warn("connection of {} failed", connection.clientAddress(), cause);
        }
        Channels.close(channel);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        close();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        close();
    }

    private void close() {
        if (closed) {
            return;
        }
        closed = true;
        timer.close();
        bodyTimer.close();
        Exchange exchange = current;
        current = null;
        if (exchange != null) {
            exchange.clientLeft(ClientFault.ABORTED);
        }
        pending.forEach(ReferenceCountUtil::release);
        pending.clear();
        peers.closed(this);
    }

    // The flow of requests.

    private void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        try {
            while (!closing && !closed && step()) {}
        } finally {
            pumping = false;
        }
        read();
    }

    /** Handles the next thing that waits; false when there is none that can be handled now. */
    private boolean step() {
        Exchange exchange = current;
        if (tunnel && exchange != null && exchange.ended()) {
            Channels.close(channel);
            return false;
        }
        if (exchange != null && exchange.ended() && exchange.bodyComplete()) {
            current = null;
            discardedBytes = 0;
            gate.refuseUpgrade();
            idle();
            return true;
        }
        HttpObject next = pending.peek();
        if (next == null) {
            return false;
        }
        if (exchange == null) {
            pending.remove();
            if (next instanceof HttpRequest request) {
                open(request);
            } else {
                ReferenceCountUtil.release(next);
            }
            return true;
        }
        if (exchange.bodyComplete() || !(next instanceof HttpContent content)) {
            return false;
        }
        if (!content.decoderResult().isFailure() && !exchange.finished() && !exchange.wantsBody()) {
            return false;
        }
        pending.remove();
        receive(exchange, content);
        return true;
    }

    private void receive(Exchange exchange, HttpContent content) {
        if (content.content().isReadable()) {
            lastReadNanos = System.nanoTime();
        }
        if (content.decoderResult().isFailure()) {
            String detail = String.valueOf(content.decoderResult().cause());
            content.release();
            if (exchange.finished()) {
                keepAlive = false;
                if (exchange.ended()) {
                    closeGracefully();
                }
            } else {
                exchange.fail(new Failure.Client(ClientFault.MALFORMED, detail));
            }
        } else if (exchange.finished()) {
            discardedBytes += content.content().readableBytes();
            exchange.bodyDiscarded(content);
            if (discardedBytes > MAX_DISCARDED_BYTES) {
                keepAlive = false;
                if (exchange.ended()) {
                    closeGracefully();
                }
            }
        } else {
            exchange.bodyReceived(content);
        }
    }

    private void idle() {
        idleSinceNanos = System.nanoTime();
        if (headStarted) {
            headSinceNanos = idleSinceNanos;
            timer.set(headSinceNanos + settings.headerTimeoutNanos());
        } else {
            timer.set(idleSinceNanos + idleLimitNanos());
        }
    }

    private void open(HttpRequest request) {
        long nowNanos = System.nanoTime();
        lastReadNanos = nowNanos;
        lastPendingBytes = -1;
        timer.set(nowNanos + settings.idleTimeoutNanos());
        RequestHead.Checked checked = RequestHead.check(request, lastHost);
        if (checked instanceof RequestHead.Accepted(RequestHead accepted)) {
            keepAlive = HttpUtil.isKeepAlive(request);
            if (lastHost == null || !lastHost.authority().equals(accepted.authority())) {
                lastHost = new RequestHead.Host(accepted.authority(), accepted.host());
            }
        } else {
            keepAlive = false;
        }
        Exchange exchange = connection.service().exchange(connection, this, request, checked, nowNanos);
        current = exchange;
        if (checked instanceof RequestHead.Refused) {
            exchange.discardAll();
        }
        if (exchange.upgrade().isEmpty()) {
            gate.refuseUpgrade();
        }
        exchange.start();
        if (checked instanceof RequestHead.Refused) {
            // A header section that cannot be decoded comes as a whole message.
            ReferenceCountUtil.release(request);
        }
    }

    /** The last byte of an answer was handed to the kernel, or never will be. */
    private void answered(Exchange exchange, boolean sent) {
        if (!sent) {
            exchange.clientLeft(ClientFault.ABORTED);
            return;
        }
        exchange.end();
        if (closed) {
            return;
        }
        if (!keepAlive) {
            closeGracefully();
        } else {
            pump();
            if (exchange.equals(current)) {
                // What is left of the body has this time altogether: nobody waits for it.
                timer.set(System.nanoTime() + settings.idleTimeoutNanos());
            }
        }
    }

    private void read() {
        if (reading || closed) {
            return;
        }
        if (closing || ((pending.isEmpty() || endWaits()) && wantsMore(current))) {
            reading = true;
            ctx().read();
        }
    }

    private boolean wantsMore(@Nullable Exchange exchange) {
        if (exchange == null) {
            return true;
        }
        if (tunnel) {
            return exchange.wantsBody() && !inputEnded;
        }
        // What comes behind a request for an upgrade piles up unread until that is decided: one read of it is enough.
        boolean undecided = !exchange.upgrade().isEmpty() && headStarted && !exchange.ended();
        return !undecided && (exchange.finished() || exchange.bodyComplete() || endWaits() || exchange.wantsBody());
    }

    /**
     * Whether all of the current request is here and nothing else, its end until it is wanted. To stop reading until then, as
     * while a function is asked, would cost two system calls.
     */
    private boolean endWaits() {
        return pending.size() == 1 && pending.peek() instanceof LastHttpContent;
    }

    // The end of the connection.

    private void closeGracefully() {
        if (closing || closed) {
            return;
        }
        closing = true;
        pending.forEach(ReferenceCountUtil::release);
        pending.clear();
        timer.set(System.nanoTime() + LINGER_NANOS);
        Channels.finishOutput(ctx(), () -> {
            lingering = true;
            read();
        });
    }

    private void expired() {
        long nowNanos = System.nanoTime();
        Exchange exchange = current;
        if (closing) {
            Channels.close(channel);
        } else if (tunnel) {
            LOG.debug("a tunnel has no deadline of its connection");
        } else if (exchange == null) {
            if (headStarted) {
                refuseLateHead(nowNanos);
            } else {
                if (!peers.draining()) {
                    settings.metrics().idleClosed();
                }
                closeGracefully();
            }
        } else if (exchange.ended()) {
            closeGracefully();
        } else if (exchange.awaitsClient() && nowNanos - lastReadNanos >= settings.idleTimeoutNanos()) {
            exchange.fail(new Failure.Client(ClientFault.BODY_TIMEOUT, ""));
            if (!closed && !closing) {
                timer.set(nowNanos + settings.idleTimeoutNanos());
            }
        } else if (isStalled(exchange)) {
            exchange.clientLeft(ClientFault.STALLED);
            abort();
        } else {
            timer.set(nowNanos + settings.idleTimeoutNanos());
        }
    }

    private void refuseLateHead(long nowNanos) {
        HttpRequest none = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "-");
        keepAlive = false;
        Exchange exchange = connection
                .service()
                .exchange(this.connection, this, none, RequestHead.refused(ClientFault.HEADER_TIMEOUT, ""), nowNanos);
        current = exchange;
        exchange.discardAll();
        exchange.start();
    }

    /**
     * Whether bytes wait for the client and none has moved since the last look. Pieces are of equal size, so that as much may
     * wait at both looks though much has gone: then more has been passed on.
     */
    private boolean isStalled(Exchange exchange) {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        if (outbound == null) {
            return false;
        }
        long pendingBytes = outbound.totalPendingWriteBytes();
        long progress = outbound.currentProgress();
        long passedBytes = exchange.responseBytes();
        boolean stalled = pendingBytes > 0
                && pendingBytes == lastPendingBytes
                && progress == lastProgress
                && passedBytes == lastPassedBytes;
        lastPassedBytes = passedBytes;
        lastPendingBytes = pendingBytes;
        lastProgress = progress;
        return stalled;
    }
}
