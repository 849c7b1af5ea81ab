package io.gojinn.proxy.upstream;

import io.gojinn.proxy.failure.UpstreamFault;
import io.gojinn.proxy.http.DeadlineTimer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks one target regularly whether it is well, on a connection of its own each time. Confined to the control loop: one for
 * the process, however many loops there are.
 */
final class HealthCheck {
    private final HealthPolicy policy;
    private final TargetPool pool;
    private final TargetHealth health;
    private final EventLoop control;
    private @Nullable Question open;
    private boolean decided;
    private int inARow;
    private boolean closed;
    private @Nullable Future<?> next;

    /**
     * A check that has not begun.
     *
     * @param pool for these checks alone; owned
     */
    HealthCheck(HealthPolicy policy, TargetPool pool, TargetHealth health, EventLoop control) {
        this.policy = policy;
        this.pool = pool;
        this.health = health;
        this.control = control;
    }

    /** Asks at once, and then at each interval. */
    void start() {
        assert control.inEventLoop();
        if (!closed) {
            Question question = new Question();
            open = question;
            question.ask();
        }
    }

    /** Asks no more. */
    void close() {
        assert control.inEventLoop();
        closed = true;
        if (open != null) {
            open.end();
        }
        if (next != null) {
            next.cancel(false);
        }
        pool.close();
    }

    private void answered(boolean good, String reason) {
        if (closed) {
            return;
        }
        boolean passing = pool.target().isPassing();
        inARow = good == passing ? 0 : inARow + 1;
        if (!decided && !good || inARow >= (passing ? policy.unhealthy() : policy.healthy())) {
            inARow = 0;
            health.passing(pool.target(), good, reason);
        }
        decided = true;
        // So that the checks of many proxies and targets do not fall into step.
        double spread = ThreadLocalRandom.current().nextDouble(0.9, 1.1);
        next = control.schedule(this::start, (long) (policy.interval().toNanos() * spread), TimeUnit.NANOSECONDS);
    }

    /** One question and its answer. */
    private final class Question implements TargetPool.Taker, TargetStream.Listener {
        private final DeadlineTimer timer = new DeadlineTimer(control, this::late);
        private @Nullable TargetStream stream;
        private boolean over;

        void ask() {
            timer.set(System.nanoTime() + policy.timeout().toNanos());
            pool.connect(this);
        }

        @Override
        public void taken(TargetStream taken) {
            if (over) {
                taken.cancel();
                return;
            }
            stream = taken;
            HttpHeaders headers = DefaultHttpHeadersFactory.headersFactory().newHeaders();
            headers.set(
                    HttpHeaderNames.HOST,
                    policy.host().orElse(pool.target().config().authority()));
            headers.set(HttpHeaderNames.USER_AGENT, "gojinn-health");
            HttpRequest head = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, policy.path(), headers);
            taken.begin(head, 0, this);
            taken.write(LastHttpContent.EMPTY_LAST_CONTENT);
            taken.flush();
        }

        @Override
        public void refused(UpstreamFault fault, String detail) {
            conclude(false, fault.label());
        }

        @Override
        public void responded(HttpResponse response) {
            int status = response.status().code();
            if (status >= 200) {
                conclude(policy.accepts(status), "status " + status);
            }
        }

        @Override
        public void failed(UpstreamFault fault, String detail, TargetStream.Delivery delivery) {
            stream = null;
            conclude(false, fault.label());
        }

        private void late() {
            conclude(false, "no answer in time");
        }

        private void conclude(boolean good, String reason) {
            if (!over) {
                end();
                answered(good, reason);
            }
        }

        void end() {
            over = true;
            timer.close();
            TargetStream left = stream;
            stream = null;
            if (left != null) {
                left.cancel();
            }
        }

        @Override
        public void contentReceived(ByteBuf piece) {
            piece.release();
        }

        @Override
        public void ended(LastHttpContent last) {
            stream = null;
            last.release();
        }

        @Override
        public void readComplete() {}

        @Override
        public void targetWritabilityChanged() {}
    }
}
