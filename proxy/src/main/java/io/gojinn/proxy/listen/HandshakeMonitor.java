package io.gojinn.proxy.listen;

import io.gojinn.proxy.failure.HandshakeFault;
import io.gojinn.proxy.observe.TlsMetrics;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Counts a handshake and how it ends, and gives back its place among those that are open. In the pipeline for as long as the
 * handshake lasts; confined to its event loop.
 */
final class HandshakeMonitor extends ChannelInboundHandlerAdapter {
    private final TlsMetrics metrics;
    private final AtomicInteger open;
    private final long timeoutNanos;
    private final long startNanos = System.nanoTime();
    private @Nullable Throwable cause;
    private boolean ended;

    /**
     * A handshake that begins.
     *
     * @param open where it has been counted
     */
    HandshakeMonitor(TlsMetrics metrics, AtomicInteger open, long timeoutNanos) {
        this.metrics = metrics;
        this.open = open;
        this.timeoutNanos = timeoutNanos;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && !ended) {
            end(handshake.isSuccess() ? null : fault(handshake.cause()));
            if (handshake.isSuccess()) {
                ctx.pipeline().remove(this);
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable failure) {
        cause = cause == null ? failure : cause;
        ctx.fireExceptionCaught(failure);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (!ended) {
            end(fault(cause));
        }
    }

    private HandshakeFault fault(@Nullable Throwable failure) {
        HandshakeFault fault = failure == null ? HandshakeFault.CLOSED : HandshakeFault.of(failure);
        // A client that keeps quiet is closed by whoever looks first.
        boolean late = fault == HandshakeFault.CLOSED && System.nanoTime() - startNanos >= timeoutNanos;
        return late ? HandshakeFault.TIMEOUT : fault;
    }

    private void end(@Nullable HandshakeFault fault) {
        ended = true;
        open.decrementAndGet();
        if (fault == null) {
            metrics.completed();
        } else {
            metrics.failed(fault);
        }
    }
}
