package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.DeadlineTimer;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.observe.SessionOutcome;
import io.gojinn.proxy.sticky.StickyCookie;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One exchange on its way to an upstream and back, streamed in both directions.
 *
 * <p>Confined to the exchange's event loop, to which the connection of its target belongs as well. The body is taken from the
 * client only while the target takes it, and the response is read only while the client takes it, so that this holds one read
 * and one watermark a direction, and what {@link HeldBody} keeps for another attempt.
 *
 * <p>It waits for its turn, then it is tried with one target after the other: again only while nothing of a response went to
 * the client and all of the body that has come is held, and either the target cannot have acted on the request or the method is
 * idempotent (RFC 9110, 9.2.2). Each further attempt is paid from the budget, but for the one that follows when a target
 * closed an idle connection just as it was taken: that says nothing of the target.
 */
final class Forwarding implements Activity, TargetPool.Taker, TargetStream.Listener, Admission.Waiter {
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");
    private static final long MAX_BACKOFF_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Exchange exchange;
    private final Upstream upstream;
    private final HeldBody body;
    private final @Nullable String setCookie;
    private long hash;
    private @Nullable CharSequence token;

    private @Nullable DeadlineTimer requestTimer;
    // Until the turn has come, or until the next attempt.
    private @Nullable Future<?> pause;
    private boolean queued;
    private boolean hasTurn;

    private @Nullable TargetStream stream;
    private @Nullable TargetPool pool;
    private List<Target> tried = List.of();
    private int attempts;
    private boolean staleRepeated;

    private boolean done;
    private boolean bodySent;
    private boolean requestComplete;
    private boolean responded;
    private boolean informed;

    Forwarding(Exchange exchange, Upstream upstream, @Nullable String setCookie) {
        this.exchange = exchange;
        this.upstream = upstream;
        this.setCookie = setCookie;
        RetryPolicy retry = upstream.policy().retry();
        this.body = new HeldBody(retry.attempts() > 1 ? retry.maxBodyBytes() : 0);
    }

    @Override
    public EventLoop loop() {
        return exchange.loop();
    }

    @Override
    public void start() {
        hash = HashKey.of(upstream.policy().balance(), exchange);
        StickyCookie sticky = upstream.sticky();
        token = sticky == null ? null : sticky.of(exchange.request().headers());
        upstream.retryBudget().began();
        upstream.policy().requestTimeout().ifPresent(timeout -> {
            requestTimer = new DeadlineTimer(loop(), () -> fail(UpstreamFault.REQUEST_TIMEOUT, ""));
            requestTimer.set(System.nanoTime() + timeout.toNanos());
        });
        switch (upstream.admission().enter(this)) {
            case ADMITTED -> admitted();
            case WAITING -> {
                queued = true;
                pause = loop().schedule(
                                () -> fail(UpstreamFault.QUEUE_TIMEOUT, ""),
                                upstream.policy().limits().queueTimeout().toNanos(),
                                TimeUnit.NANOSECONDS);
            }
            case FULL -> fail(UpstreamFault.QUEUE_FULL, "");
        }
    }

    @Override
    public void admitted() {
        queued = false;
        if (done) {
            upstream.admission().leave();
            return;
        }
        endPause();
        hasTurn = true;
        attempt();
    }

    private void attempt() {
        pause = null;
        if (done) {
            return;
        }
        LoopTargets targets = upstream.targets(loop());
        TargetPool chosen = targets.choose(hash, token, tried);
        if (chosen == null) {
            fail(targets.isEmpty() ? UpstreamFault.RESOLVE : UpstreamFault.BUSY, "");
            return;
        }
        pool = chosen;
        Target target = chosen.target();
        exchange.upstreamTarget(target.label());
        if (attempts == 0) {
            ForwardedFields.toUpstream(exchange.request().headers(), exchange);
            if (!exchange.upgrade().isEmpty()) {
                UpgradeFields.ask(exchange.request().headers(), exchange.upgrade(), exchange.isHttp2());
            }
        }
        String host =
                upstream.host().choose(exchange.authority(), target.config().authority());
        if (!host.equals(exchange.authority()) || attempts > 0) {
            exchange.request().headers().set(HttpHeaderNames.HOST, host);
        }
        attempts++;
        chosen.take(this);
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
        if (!taken.equals(stream)) {
            return;
        }
        bodySent |= body.send(taken, requestComplete);
        if (!taken.equals(stream)) {
            return;
        }
        if (requestComplete) {
            awaitResponse(taken);
        } else {
            awaitBody(taken);
        }
        taken.flush();
    }

    @Override
    public void refused(UpstreamFault fault, String detail) {
        if (!done) {
            countFailure();
            attemptFailed(fault, detail, TargetStream.Delivery.UNPROCESSED);
        }
    }

    // From the client.

    @Override
    public void bodyReceived(HttpContent content) {
        if (content instanceof LastHttpContent last) {
            requestComplete = true;
            ForwardedFields.trailers(last.trailingHeaders());
        }
        TargetStream to = stream;
        if (to == null) {
            if (done) {
                content.release();
            } else {
                body.await(content);
            }
            return;
        }
        if (!responded) {
            body.keep(content);
        }
        bodySent |= content.content().isReadable()
                || (content instanceof LastHttpContent last
                        && !last.trailingHeaders().isEmpty());
        to.write(content);
        if (!to.equals(stream)) {
            return;
        }
        to.flush();
        if (requestComplete) {
            awaitResponse(to);
        } else {
            awaitBody(to);
        }
    }

    private void awaitResponse(TargetStream from) {
        if (!responded) {
            from.deadline(System.nanoTime() + upstream.responseTimeoutNanos());
        }
    }

    // A client that sends slowly is the listener's concern, a target that takes slowly is ours.
    private void awaitBody(TargetStream to) {
        boolean writable = to.isWritable();
        if (!responded && writable) {
            to.noDeadline();
        } else if (!responded) {
            to.deadline(System.nanoTime() + upstream.idleTimeoutNanos());
        }
        // Last: what is wanted may come at once.
        exchange.wantBody(writable);
    }

    @Override
    public void targetWritabilityChanged() {
        TargetStream to = stream;
        if (to != null && !requestComplete) {
            awaitBody(to);
        }
    }

    // From the target.

    @Override
    public void responded(HttpResponse response) {
        int status = response.status().code();
        if (status == 101) {
            upgraded(response);
            return;
        }
        if (status < 200) {
            if (status != 100) {
                informed = true;
                ForwardedFields.toClient(response);
                exchange.inform(response.status(), response.headers());
            }
            return;
        }
        if (pool != null) {
            upstream.health().responded(pool.target(), status);
        }
        if (upstream.policy().retry().statuses().contains(status)
                && mayRepeat(TargetStream.Delivery.UNKNOWN)
                && mayRetry()) {
            TargetStream refusing = stream;
            stream = null;
            if (refusing != null) {
                refusing.cancel();
            }
            retry();
            return;
        }
        responded = true;
        body.release();
        ForwardedFields.toClient(response);
        leadBack(response);
        exchange.begin(response.status(), response.headers());
    }

    // What fails is no place to come back to.
    private void leadBack(HttpResponse response) {
        if (response.status().code() >= 500) {
            return;
        }
        if (setCookie != null) {
            response.headers().add(HttpHeaderNames.SET_COOKIE, setCookie);
        }
        StickyCookie sticky = upstream.sticky();
        if (sticky == null || pool == null) {
            return;
        }
        String here = pool.target().token();
        CharSequence asked = token;
        if (asked == null) {
            upstream.metrics().session(SessionOutcome.ASSIGNED);
        } else if (here.contentEquals(asked)) {
            upstream.metrics().session(SessionOutcome.KEPT);
            return;
        } else {
            upstream.metrics().session(SessionOutcome.MOVED);
        }
        response.headers().add(HttpHeaderNames.SET_COOKIE, sticky.set(here, exchange.scheme()));
    }

    // Not a byte of either side was passed on before.
    private void upgraded(HttpResponse response) {
        TargetStream to = stream;
        String protocol = exchange.upgrade();
        String problem = protocol.isEmpty() || to == null || !requestComplete
                ? "101 without an upgrade"
                : UpgradeFields.problemOf(exchange.request().headers(), protocol, response.headers());
        if (problem != null || to == null) {
            fail(UpstreamFault.PROTOCOL, String.valueOf(problem));
            return;
        }
        if (pool != null) {
            upstream.health().responded(pool.target(), response.status().code());
        }
        done = true;
        stream = null;
        releaseRequest();
        upstream.metrics().answered();
        ForwardedFields.toClient(response);
        leadBack(response);
        // It keeps its turn, and its place with the target, until it ends.
        Tunnel tunnel =
                new Tunnel(exchange, to, upstream.tunnels().idleTimeout().toNanos(), this::leave);
        // The answer goes ahead of what the target sends, and what the client sends comes when both sides stand.
        exchange.openTunnel(response.headers(), tunnel);
        to.openTunnel(tunnel);
        tunnel.start();
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
        release();
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
            from.deadline(System.nanoTime() + upstream.idleTimeoutNanos());
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
        if (!done) {
            if (delivery == TargetStream.Delivery.UNKNOWN && !responded) {
                countFailure();
            }
            attemptFailed(fault, detail, delivery);
        }
    }

    private void countFailure() {
        if (pool != null) {
            upstream.health().failed(pool.target());
        }
    }

    // Another attempt.

    private void attemptFailed(UpstreamFault fault, String detail, TargetStream.Delivery delivery) {
        TargetPool last = pool;
        if (last == null || !mayHelp(fault) || !mayRepeat(delivery)) {
            fail(fault, detail);
        } else if (delivery == TargetStream.Delivery.STALE && !staleRepeated) {
            staleRepeated = true;
            exchange.wantBody(false);
            upstream.metrics().retried();
            last.connect(this);
        } else if (mayRetry()) {
            retry();
        } else {
            fail(fault, detail);
        }
    }

    /** Whether another target, or the same one a little later, may do better. */
    private static boolean mayHelp(UpstreamFault fault) {
        return switch (fault) {
            case CONNECT, CONNECT_TIMEOUT, TLS, CERTIFICATE, RESPONSE_TIMEOUT, CLOSED, RESET -> true;
            case RESOLVE, PROTOCOL, TRUNCATED, QUEUE_FULL, QUEUE_TIMEOUT, BUSY, REQUEST_TIMEOUT -> false;
        };
    }

    /** Whether it does no harm to send the request again, and whether that is possible. */
    private boolean mayRepeat(TargetStream.Delivery delivery) {
        if (responded || informed || (bodySent && !body.isWhole())) {
            return false;
        }
        return switch (delivery) {
            case UNPROCESSED -> true;
            case STALE, UNKNOWN ->
                IDEMPOTENT.contains(exchange.request().method().name());
        };
    }

    private boolean mayRetry() {
        if (attempts >= upstream.policy().retry().attempts()) {
            return false;
        }
        if (upstream.retryBudget().take()) {
            return true;
        }
        upstream.metrics().retryDenied();
        return false;
    }

    private void retry() {
        TargetPool failed = pool;
        if (failed != null) {
            if (tried.isEmpty()) {
                tried = new ArrayList<>(upstream.policy().retry().attempts());
            }
            tried.add(failed.target());
        }
        leaveTarget();
        exchange.wantBody(false);
        upstream.metrics().retried();
        long longest = Math.min(
                MAX_BACKOFF_NANOS, upstream.policy().retry().backoff().toNanos() << Math.min(attempts - 1, 10));
        long nanos = longest == 0 ? 0 : ThreadLocalRandom.current().nextLong(longest);
        pause = loop().schedule(this::attempt, nanos, TimeUnit.NANOSECONDS);
    }

    // The end.

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
        release();
    }

    private void release() {
        releaseRequest();
        leave();
    }

    private void releaseRequest() {
        endPause();
        if (requestTimer != null) {
            requestTimer.close();
        }
        body.release();
    }

    private void leave() {
        leaveTarget();
        if (queued) {
            // When the turn has come already, admitted() gives it back.
            queued = !upstream.admission().withdraw(this);
        }
        if (hasTurn) {
            hasTurn = false;
            upstream.admission().leave();
        }
    }

    private void leaveTarget() {
        if (pool != null) {
            pool.target().leave();
            pool = null;
        }
    }

    private void endPause() {
        if (pause != null) {
            pause.cancel(false);
            pause = null;
        }
    }
}
