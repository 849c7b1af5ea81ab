package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.http.WholeBuffer;
import io.gojinn.proxy.observe.MirrorMetrics;
import io.gojinn.proxy.observe.MirrorMetrics.Outcome;
import io.gojinn.proxy.route.MirrorConfig;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A copy of one request on its way to another upstream. Confined to the event loop of the original; it is sent when all of that
 * has come, and may outlive it. Sent once: what fails is not tried again.
 */
final class MirrorCopy implements TargetPool.Taker, TargetStream.Listener {
    private final Upstream upstream;
    private final MirrorConfig config;
    private final MirrorMetrics metrics;
    private final MirrorWindow window;
    private final EventLoop loop;
    private final ByteBufAllocator allocator;
    private final HttpMethod method;
    private final String uri;
    private final String authority;
    private final HttpHeaders headers;
    private final long contentLength;
    private final long hash;

    private @Nullable ByteBuf body;
    private @Nullable TargetPool pool;
    private @Nullable TargetStream stream;
    private @Nullable Future<?> timeout;
    private boolean complete;
    private boolean hasTurn;
    private boolean over;

    /**
     * Copies what has come, the header section.
     *
     * @param window which it has entered, and leaves when it holds nothing any more
     */
    MirrorCopy(Exchange exchange, Upstream upstream, MirrorConfig config, MirrorMetrics metrics, MirrorWindow window) {
        this.upstream = upstream;
        this.config = config;
        this.metrics = metrics;
        this.window = window;
        this.loop = exchange.loop();
        this.allocator = exchange.allocator();
        this.method = exchange.request().method();
        this.uri = exchange.uri();
        this.authority = exchange.authority();
        this.contentLength = exchange.contentLength();
        this.hash = HashKey.of(upstream.policy().balance(), exchange);
        this.headers = exchange.request().headers().copy();
        ForwardedFields.toUpstream(headers, exchange);
    }

    /** Sends what has no body. */
    void begin() {
        if (contentLength == 0) {
            complete();
        }
    }

    /** Copies a piece of the body. Borrows it. */
    void add(HttpContent content) {
        if (over || complete) {
            return;
        }
        ByteBuf piece = content.content();
        if (piece.isReadable()) {
            int held = body == null ? 0 : body.readableBytes();
            if (held + piece.readableBytes() > config.maxBodyBytes()) {
                metrics.request(Outcome.TOO_LARGE);
                close();
                window.left();
                return;
            }
            body = body == null
                    ? WholeBuffer.allocate(
                            Math.toIntExact(Math.max(contentLength, piece.readableBytes())),
                            config.maxBodyBytes(),
                            allocator)
                    : WholeBuffer.ensureWritable(body, piece.readableBytes(), allocator);
            body.writeBytes(piece, piece.readerIndex(), piece.readableBytes());
        }
        if (content instanceof LastHttpContent) {
            complete();
        }
    }

    // After what the loop has to do for the original.
    private void complete() {
        complete = true;
        loop.execute(this::send);
    }

    /** Nothing more will come. */
    void originalEnded() {
        if (!complete && !over) {
            metrics.request(Outcome.INCOMPLETE);
            close();
            window.left();
        }
    }

    private void send() {
        hasTurn = upstream.admission().tryEnter();
        TargetPool chosen = hasTurn ? upstream.targets(loop).choose(hash, null, List.of()) : null;
        if (chosen == null) {
            metrics.request(Outcome.BUSY);
            close();
            window.left();
            return;
        }
        metrics.request(Outcome.SENT);
        pool = chosen;
        timeout = loop.schedule(this::late, config.timeout().toNanos(), TimeUnit.NANOSECONDS);
        chosen.take(this);
    }

    @Override
    public void taken(TargetStream taken) {
        TargetPool from = pool;
        if (over || from == null) {
            taken.cancel();
            return;
        }
        stream = taken;
        String host = upstream.host().choose(authority, from.target().config().authority());
        if (!host.equals(authority)) {
            headers.set(HttpHeaderNames.HOST, host);
        }
        ByteBuf sent = body;
        body = null;
        int length = sent == null ? 0 : sent.readableBytes();
        if (contentLength < 0) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, length);
        }
        taken.begin(new DefaultHttpRequest(HttpVersion.HTTP_1_1, method, uri, headers), length, this);
        LastHttpContent last = sent == null ? LastHttpContent.EMPTY_LAST_CONTENT : new DefaultLastHttpContent(sent);
        if (!taken.equals(stream)) {
            last.release();
            return;
        }
        taken.write(last);
        if (taken.equals(stream)) {
            taken.flush();
        }
    }

    @Override
    public void refused(UpstreamFault fault, String detail) {
        if (!over) {
            countFailure();
            fail(fault);
        }
    }

    // The answer, which nobody waits for.

    @Override
    public void responded(HttpResponse response) {
        if (response.status().code() == 101) {
            fail(UpstreamFault.PROTOCOL);
        } else if (pool != null && response.status().code() >= 200) {
            upstream.health().responded(pool.target(), response.status().code());
        }
    }

    @Override
    public void contentReceived(ByteBuf piece) {
        piece.release();
    }

    @Override
    public void ended(LastHttpContent last) {
        last.release();
        stream = null;
        if (!over) {
            upstream.metrics().answered();
            close();
            window.answered();
        }
    }

    @Override
    public void readComplete() {}

    @Override
    public void targetWritabilityChanged() {
        // All of it was written at once.
    }

    @Override
    public void failed(UpstreamFault fault, String detail, TargetStream.Delivery delivery) {
        stream = null;
        if (!over) {
            if (delivery == TargetStream.Delivery.UNKNOWN) {
                countFailure();
            }
            fail(fault);
        }
    }

    private void late() {
        if (!over) {
            countFailure();
            fail(UpstreamFault.REQUEST_TIMEOUT);
        }
    }

    private void countFailure() {
        if (pool != null) {
            upstream.health().failed(pool.target());
        }
    }

    private void fail(UpstreamFault fault) {
        if (over) {
            return;
        }
        upstream.metrics().failed(fault);
        close();
        window.failed();
    }

    /** Holds nothing any more. Called once; the caller leaves the window. */
    private void close() {
        over = true;
        TargetStream left = stream;
        stream = null;
        if (left != null) {
            left.cancel();
        }
        if (timeout != null) {
            timeout.cancel(false);
        }
        if (body != null) {
            body.release();
            body = null;
        }
        if (pool != null) {
            pool.target().leave();
            pool = null;
        }
        if (hasTurn) {
            upstream.admission().leave();
        }
    }
}
