package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.http.DeadlineTimer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request of the proxy's own to an upstream: without a body, its answer kept whole up to a limit. Confined to one event loop, which
 * is told of the outcome once, unless the request is cancelled before.
 *
 * <p>It takes its turn beside the requests of clients, under the same limits. It is not retried, but for a connection that
 * was closed just as it was taken.
 */
public final class Subrequest implements TargetPool.Taker, TargetStream.Listener, Admission.Waiter {
    private final Upstream upstream;
    private final EventLoop loop;
    private final Question question;
    private final Consumer<Outcome> then;
    private final DeadlineTimer timer;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream(0);
    private @Nullable TargetPool pool;
    private @Nullable TargetStream stream;
    private @Nullable HttpResponse response;
    private boolean repeated;
    private boolean queued;
    private boolean hasTurn;
    private boolean over;

    Subrequest(Upstream upstream, EventLoop loop, Question question, Consumer<Outcome> then) {
        this.upstream = upstream;
        this.loop = loop;
        this.question = question;
        this.then = then;
        this.timer = new DeadlineTimer(loop, () -> fail(UpstreamFault.REQUEST_TIMEOUT, ""));
    }

    /**
     * What is asked.
     *
     * @param uri in origin form
     * @param headers owned; where there is no Host, the target's own is set
     * @param timeout for everything
     * @param maxBodyBytes of the answer; a larger one is a fault
     */
    public record Question(HttpMethod method, String uri, HttpHeaders headers, Duration timeout, int maxBodyBytes) {}

    /** What came of it. */
    public sealed interface Outcome {
        /** A whole response with a final status. */
        record Answered(int status, HttpHeaders headers, ByteBuffer body) implements Outcome {}

        /** No whole response. */
        record Failed(UpstreamFault fault, String detail) implements Outcome {}
    }

    void start() {
        assert loop.inEventLoop();
        timer.set(System.nanoTime() + question.timeout().toNanos());
        switch (upstream.admission().enter(this)) {
            case ADMITTED -> admitted();
            case WAITING -> queued = true;
            case FULL -> fail(UpstreamFault.QUEUE_FULL, "");
        }
    }

    /** Gives it up: nothing is told any more. */
    public void cancel() {
        assert loop.inEventLoop();
        if (!over) {
            upstream.metrics().cancelled();
            end();
        }
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    @Override
    public void admitted() {
        queued = false;
        if (over) {
            upstream.admission().leave();
            return;
        }
        hasTurn = true;
        LoopTargets targets = upstream.targets(loop);
        TargetPool chosen = targets.choose(0, null, List.of());
        if (chosen == null) {
            fail(targets.isEmpty() ? UpstreamFault.RESOLVE : UpstreamFault.BUSY, "");
            return;
        }
        pool = chosen;
        if (!question.headers().contains(HttpHeaderNames.HOST)) {
            question.headers()
                    .set(HttpHeaderNames.HOST, chosen.target().config().authority());
        }
        chosen.take(this);
    }

    @Override
    public void taken(TargetStream taken) {
        if (over) {
            taken.cancel();
            return;
        }
        stream = taken;
        taken.begin(
                new DefaultHttpRequest(
                        HttpVersion.HTTP_1_1,
                        question.method(),
                        question.uri(),
                        question.headers().copy()),
                0,
                this);
        if (taken.equals(stream)) {
            taken.write(LastHttpContent.EMPTY_LAST_CONTENT);
        }
        // Writing may have found that the connection is gone.
        if (taken.equals(stream)) {
            taken.flush();
        }
    }

    @Override
    public void refused(UpstreamFault fault, String detail) {
        if (!over) {
            countFailure();
            fail(fault, detail);
        }
    }

    @Override
    public void responded(HttpResponse given) {
        int status = given.status().code();
        if (status == 101) {
            fail(UpstreamFault.PROTOCOL, "101 without an upgrade");
        } else if (status >= 200) {
            response = given;
            if (pool != null) {
                upstream.health().responded(pool.target(), status);
            }
        }
    }

    @Override
    public void contentReceived(ByteBuf piece) {
        keep(piece);
        piece.release();
    }

    private void keep(ByteBuf piece) {
        if (over) {
            return;
        }
        if (body.size() + piece.readableBytes() > question.maxBodyBytes()) {
            fail(UpstreamFault.PROTOCOL, "more than " + question.maxBodyBytes() + " bytes");
        } else {
            body.writeBytes(ByteBufUtil.getBytes(piece));
        }
    }

    @Override
    public void ended(LastHttpContent last) {
        stream = null;
        keep(last.content());
        last.release();
        HttpResponse whole = response;
        if (!over && whole != null) {
            upstream.metrics().answered();
            conclude(new Outcome.Answered(whole.status().code(), whole.headers(), ByteBuffer.wrap(body.toByteArray())));
        }
    }

    @Override
    public void failed(UpstreamFault fault, String detail, TargetStream.Delivery delivery) {
        stream = null;
        TargetPool last = pool;
        if (over) {
            return;
        }
        if (delivery == TargetStream.Delivery.STALE && !repeated && last != null) {
            repeated = true;
            upstream.metrics().retried();
            last.connect(this);
            return;
        }
        if (delivery == TargetStream.Delivery.UNKNOWN && response == null) {
            countFailure();
        }
        fail(fault, detail);
    }

    private void countFailure() {
        if (pool != null) {
            upstream.health().failed(pool.target());
        }
    }

    private void fail(UpstreamFault fault, String detail) {
        if (!over) {
            upstream.metrics().failed(fault);
            conclude(new Outcome.Failed(fault, detail));
        }
    }

    private void conclude(Outcome outcome) {
        end();
        then.accept(outcome);
    }

    private void end() {
        over = true;
        timer.close();
        TargetStream left = stream;
        stream = null;
        if (left != null) {
            left.cancel();
        }
        if (pool != null) {
            pool.target().leave();
            pool = null;
        }
        if (queued) {
            // When the turn has come already, admitted() gives it back.
            queued = !upstream.admission().withdraw(this);
        }
        if (hasTurn) {
            hasTurn = false;
            upstream.admission().leave();
        }
    }

    @Override
    public void readComplete() {
        // The answer is told when it is whole.
    }

    @Override
    public void targetWritabilityChanged() {
        // Nothing is written after the header section.
    }
}
