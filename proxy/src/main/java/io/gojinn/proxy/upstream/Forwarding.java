package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.Exchange;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One exchange on its way to an upstream and back, streamed in both directions.
 *
 * <p>Confined to the exchange's event loop, to which the connection of its target belongs as well. The body is taken from the
 * client only while the target takes it, and the response is read only while the client takes it, so that this holds one read
 * and one watermark a direction.
 *
 * <p>A request is sent a second time only when a connection that had been used before failed before anything came back, no
 * byte of a body was handed to it, and the method is idempotent (RFC 9110, 9.2.2): a server may close an idle connection just
 * as it is taken. One that the target has not acted on is sent again whatever its method (RFC 9113, 8.7).
 */
final class Forwarding implements Activity, TargetPool.Taker, TargetStream.Listener {
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    private final Exchange exchange;
    private final Upstream upstream;

    private @Nullable TargetStream stream;
    private @Nullable TargetPool pool;
    private boolean done;
    private boolean retried;
    private boolean bodyBegun;
    private boolean requestSent;
    private boolean responded;
    private boolean interimSeen;

    Forwarding(Exchange exchange, Upstream upstream) {
        this.exchange = exchange;
        this.upstream = upstream;
    }

    @Override
    public void start() {
        TargetPool target = upstream.next(exchange.loop());
        pool = target;
        exchange.upstreamTarget(target.label());
        ForwardedFields.toUpstream(exchange, target.label());
        target.take(this);
    }

    @Override
    public void taken(TargetStream taken) {
        if (done) {
            taken.cancel();
            return;
        }
        stream = taken;
        taken.begin(
                new DefaultHttpRequest(
                        HttpVersion.HTTP_1_1,
                        exchange.request().method(),
                        exchange.uri(),
                        exchange.request().headers()),
                exchange.contentLength(),
                this);
        if (requestSent) {
            // A second attempt: the end of an empty body has already come.
            taken.write(LastHttpContent.EMPTY_LAST_CONTENT);
            awaitResponse(taken);
        } else {
            exchange.wantBody(taken.isWritable());
        }
        taken.flush();
    }

    @Override
    public void refused(UpstreamFault fault, String detail) {
        if (!done) {
            fail(fault, detail);
        }
    }

    // From the client.

    @Override
    public void bodyReceived(HttpContent content) {
        TargetStream to = stream;
        if (to == null) {
            content.release();
            return;
        }
        bodyBegun |= content.content().isReadable();
        if (content instanceof LastHttpContent last) {
            bodyBegun |= !last.trailingHeaders().isEmpty();
            ForwardedFields.trailers(last.trailingHeaders());
            requestSent = true;
            to.write(content);
            awaitResponse(to);
            to.flush();
        } else {
            to.write(content);
            to.flush();
            exchange.wantBody(to.isWritable());
        }
    }

    private void awaitResponse(TargetStream from) {
        if (!responded) {
            from.deadline(System.nanoTime() + upstream.responseTimeoutNanos());
        }
    }

    @Override
    public void targetWritabilityChanged() {
        TargetStream to = stream;
        if (to != null && !requestSent) {
            exchange.wantBody(to.isWritable());
        }
    }

    // From the target.

    @Override
    public void responded(HttpResponse response) {
        int status = response.status().code();
        if (status == 101) {
            fail(UpstreamFault.PROTOCOL, "101 without an upgrade");
            return;
        }
        if (status < 200) {
            interimSeen = true;
            if (status != 100) {
                ForwardedFields.toClient(response);
                exchange.inform(response.status(), response.headers());
            }
            return;
        }
        responded = true;
        ForwardedFields.toClient(response);
        exchange.begin(response.status(), response.headers());
        progress();
    }

    @Override
    public void contentReceived(ByteBuf piece) {
        exchange.write(piece);
        TargetStream from = stream;
        if (from != null) {
            from.pause(!exchange.isWritable());
        }
    }

    @Override
    public void ended(LastHttpContent last) {
        done = true;
        stream = null;
        upstream.metrics().answered();
        ForwardedFields.trailers(last.trailingHeaders());
        exchange.finish(last);
    }

    @Override
    public void readComplete() {
        if (!done && responded) {
            exchange.flush();
            progress();
        }
    }

    // The time between two pieces counts only while we read: a slow client is not the target's fault.
    private void progress() {
        TargetStream from = stream;
        if (from == null) {
            return;
        }
        if (exchange.isWritable()) {
            from.deadline(System.nanoTime() + upstream.responseTimeoutNanos());
        } else {
            from.noDeadline();
        }
    }

    @Override
    public void writabilityChanged() {
        TargetStream from = stream;
        if (from != null && responded) {
            from.pause(!exchange.isWritable());
            progress();
        }
    }

    @Override
    public void failed(UpstreamFault fault, String detail, TargetStream.Delivery delivery) {
        stream = null;
        if (done) {
            return;
        }
        if (mayRetry(delivery)) {
            retried = true;
            upstream.metrics().retried();
            exchange.wantBody(false);
            TargetPool again = pool;
            if (again != null) {
                again.connect(this);
            }
        } else {
            fail(fault, detail);
        }
    }

    private boolean mayRetry(TargetStream.Delivery delivery) {
        if (retried || responded || interimSeen || bodyBegun) {
            return false;
        }
        return switch (delivery) {
            case UNPROCESSED -> true;
            case STALE -> IDEMPOTENT.contains(exchange.request().method().name());
            case UNKNOWN -> false;
        };
    }

    private void fail(UpstreamFault fault, String detail) {
        stop();
        upstream.metrics().failed(fault);
        exchange.fail(new Failure.Upstream(fault, detail));
    }

    @Override
    public void cancelled() {
        if (!done) {
            upstream.metrics().cancelled();
            stop();
        }
    }

    private void stop() {
        done = true;
        TargetStream lost = stream;
        stream = null;
        if (lost != null) {
            lost.cancel();
        }
    }
}
