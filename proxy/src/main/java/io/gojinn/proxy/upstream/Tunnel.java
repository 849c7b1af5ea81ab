package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.ClientFault;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.DeadlineTimer;
import io.gojinn.proxy.http.Exchange;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.concurrent.TimeUnit;

/**
 * An exchange after an upgrade: bytes both ways between a client and a target.
 *
 * <p>Confined to the exchange's event loop. Each side is read from only while the other one takes what it says, so that this
 * holds one read and one watermark a direction. A side that ends its direction may go on to listen: the end is passed on, and
 * from then on silence is allowed for a shorter time. A direction that fails ends both.
 */
final class Tunnel implements Activity, TargetStream.Listener {
    private static final long HALF_CLOSED_IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Exchange exchange;
    private final TargetStream target;
    private final long idleNanos;
    private final Runnable ended;
    private final DeadlineTimer timer;

    private boolean clientEnded;
    private boolean targetEnded;
    private boolean targetGone;

    /**
     * A tunnel that is not started yet.
     *
     * @param ended is run once, when the tunnel is over
     */
    Tunnel(Exchange exchange, TargetStream target, long idleNanos, Runnable ended) {
        this.exchange = exchange;
        this.target = target;
        this.idleNanos = idleNanos;
        this.ended = ended;
        this.timer = new DeadlineTimer(
                exchange.loop(), () -> exchange.fail(new Failure.Client(ClientFault.TUNNEL_IDLE, "")));
    }

    @Override
    public void start() {
        if (targetGone) {
            return;
        }
        heard();
        target.pause(!exchange.isWritable());
        exchange.wantBody(target.isWritable());
    }

    private void heard() {
        long limitNanos = clientEnded || targetEnded ? Math.min(idleNanos, HALF_CLOSED_IDLE_NANOS) : idleNanos;
        timer.set(System.nanoTime() + limitNanos);
    }

    // From the client.

    @Override
    public void bodyReceived(HttpContent content) {
        clientEnded |= content instanceof LastHttpContent;
        heard();
        if (targetGone) {
            content.release();
            return;
        }
        target.write(content);
        target.flush();
        if (!clientEnded) {
            exchange.wantBody(target.isWritable());
        }
    }

    @Override
    public void writabilityChanged() {
        if (!targetGone) {
            target.pause(!exchange.isWritable());
        }
    }

    @Override
    public void cancelled() {
        timer.close();
        if (!targetGone) {
            targetGone = true;
            target.cancel();
        }
        ended.run();
    }

    // From the target.

    @Override
    public void responded(HttpResponse response) {
        throw new IllegalStateException("a response in a tunnel");
    }

    @Override
    public void contentReceived(ByteBuf piece) {
        heard();
        exchange.write(piece);
        target.pause(!exchange.isWritable());
    }

    @Override
    public void readComplete() {
        exchange.flush();
    }

    @Override
    public void ended(LastHttpContent last) {
        targetEnded = true;
        heard();
        exchange.finish(last);
    }

    @Override
    public void targetWritabilityChanged() {
        if (!clientEnded) {
            exchange.wantBody(target.isWritable());
        }
    }

    @Override
    public void failed(UpstreamFault fault, String detail, TargetStream.Delivery delivery) {
        targetGone = true;
        if (targetEnded) {
            // It has said all it had to say, and listens no more: the client gets that whole.
            exchange.wantBody(true);
        } else {
            exchange.fail(new Failure.Upstream(fault, detail));
        }
    }
}
