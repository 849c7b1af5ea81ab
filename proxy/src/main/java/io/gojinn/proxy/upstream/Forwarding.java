package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.Exchange;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One exchange on its way to an upstream and back, streamed in both directions.
 *
 * <p>Confined to the exchange's event loop, to which its connection belongs as well. The body is taken from the client only
 * while the upstream takes it, and the response is read only while the client takes it, so that this holds one read and one
 * watermark a direction.
 *
 * <p>A connection goes back to its pool only when the request was sent whole, the response came whole and alone, and neither
 * side asked to close. A request is sent a second time only when a connection that had been used before failed before anything
 * came back, no byte of a body was handed to it, and the method is idempotent (RFC 9110, 9.2.2): a server may close an
 * idle connection just as it is taken.
 */
final class Forwarding implements Activity, TargetPool.Taker {
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    private final Exchange exchange;
    private final Upstream upstream;

    private @Nullable UpstreamConnection connection;
    private @Nullable TargetPool pool;
    private boolean done;
    private boolean retried;
    private boolean bodyBegun;
    private boolean requestSent;
    private boolean responded;
    private boolean interimSeen;
    private boolean reusable;

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
        UpstreamConnection idle = target.takeIdle();
        if (idle != null) {
            taken(idle);
        } else {
            target.connect(this);
        }
    }

    @Override
    public void taken(UpstreamConnection taken) {
        if (done) {
            taken.release();
            return;
        }
        connection = taken;
        taken.attach(this);
        taken.write(new DefaultHttpRequest(
                HttpVersion.HTTP_1_1,
                exchange.request().method(),
                exchange.uri(),
                exchange.request().headers()));
        taken.pause(false);
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
        UpstreamConnection to = connection;
        if (to == null) {
            content.release();
            return;
        }
        bodyBegun |= content.content().isReadable();
        if (content instanceof LastHttpContent) {
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

    private void awaitResponse(UpstreamConnection from) {
        if (!responded) {
            from.deadline(System.nanoTime() + upstream.responseTimeoutNanos());
        }
    }

    void upstreamWritabilityChanged() {
        UpstreamConnection to = connection;
        if (to != null && !requestSent) {
            exchange.wantBody(to.isWritable());
        }
    }

    // From the upstream.

    void responded(HttpResponse response) {
        int status = response.status().code();
        if (status == 101) {
            malformed(new IllegalStateException("101 without an upgrade"));
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
        if (responded) {
            malformed(new IllegalStateException("a second response"));
            return;
        }
        HttpHeaders headers = response.headers();
        List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
        boolean chunked = !codings.isEmpty();
        if (chunked && (codings.size() != 1 || !HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(codings.getFirst()))) {
            malformed(new IllegalStateException("Transfer-Encoding is " + codings + ", expected chunked"));
            return;
        }
        responded = true;
        boolean bodiless = status == 204
                || status == 304
                || exchange.request().method().name().equals("HEAD");
        boolean sized = headers.contains(HttpHeaderNames.CONTENT_LENGTH);
        reusable = HttpUtil.isKeepAlive(response) && (bodiless || chunked || sized);
        ForwardedFields.toClient(response);
        exchange.begin(response.status(), headers);
        progress();
    }

    void contentReceived(HttpContent content) {
        UpstreamConnection from = connection;
        if (!responded || from == null) {
            content.release();
            return;
        }
        if (!(content instanceof LastHttpContent last)) {
            ByteBuf piece = content.content();
            exchange.write(piece);
            from.pause(!exchange.isWritable());
            return;
        }
        done = true;
        connection = null;
        upstream.metrics().answered();
        if (reusable && requestSent) {
            from.release();
        } else {
            from.discard();
        }
        exchange.finish(last);
    }

    void readComplete() {
        if (!done && responded) {
            exchange.flush();
            progress();
        }
    }

    // The time between two pieces counts only while we read: a slow client is not the upstream's fault.
    private void progress() {
        UpstreamConnection from = connection;
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
        UpstreamConnection from = connection;
        if (from != null && responded) {
            from.pause(!exchange.isWritable());
            progress();
        }
    }

    void malformed(Throwable cause) {
        if (!done) {
            fail(responded ? UpstreamFault.TRUNCATED : UpstreamFault.PROTOCOL, String.valueOf(cause.getMessage()));
        }
    }

    void timedOut() {
        if (!done) {
            fail(UpstreamFault.RESPONSE_TIMEOUT, "");
        }
    }

    /** The connection is gone before the response was whole. */
    void upstreamClosed() {
        UpstreamConnection lost = connection;
        connection = null;
        if (done || lost == null) {
            return;
        }
        if (responded) {
            fail(UpstreamFault.TRUNCATED, "");
        } else if (mayRetry(lost)) {
            retried = true;
            upstream.metrics().retried();
            exchange.wantBody(false);
            TargetPool again = pool;
            if (again != null) {
                again.connect(this);
            }
        } else {
            fail(UpstreamFault.CLOSED, "");
        }
    }

    private boolean mayRetry(UpstreamConnection lost) {
        return !lost.isFresh()
                && !retried
                && !interimSeen
                && !bodyBegun
                && IDEMPOTENT.contains(exchange.request().method().name());
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
        UpstreamConnection lost = connection;
        connection = null;
        if (lost != null) {
            lost.discard();
        }
    }
}
