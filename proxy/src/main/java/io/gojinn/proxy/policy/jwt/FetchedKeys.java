package io.gojinn.proxy.policy.jwt;

import io.gojinn.proxy.middleware.JwtRules.Keys;
import io.gojinn.proxy.observe.KeyFetchMetrics;
import io.gojinn.proxy.upstream.Subrequest;
import io.gojinn.proxy.upstream.Upstream;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys that an upstream gives. Thread-safe: what is known is published, and fetches are one event loop's, one at a time and with
 * a least time between them, so that no number of requests makes more of them.
 *
 * <p>A set that has grown old is still used while a new one is fetched, and for as long as the config says when none comes.
 */
final class FetchedKeys implements KeySource {
    private static final Logger LOG = LoggerFactory.getLogger(FetchedKeys.class);
    private static final int MAX_BYTES = 256 << 10;
    private static final int MAX_WAITING = 1024;

    private final String middleware;
    private final Keys.Fetched config;
    private final Upstream upstream;
    private final EventLoop loop;
    private final KeyFetchMetrics metrics;
    private final AtomicBoolean refreshAsked = new AtomicBoolean();
    // Publishes what was fetched last.
    private volatile @Nullable Known known;

    // Of the loop alone.
    private final List<Waiter> waiters = new ArrayList<>();
    private boolean fetching;
    private boolean attempted;
    private long attemptedNanos;

    private record Known(KeySet keys, long fetchedNanos) {}

    private record Waiter(EventLoop loop, Runnable then) {
        void tell() {
            loop.execute(then);
        }
    }

    /** Begins with a fetch, as soon as it is known where the upstream is. */
    FetchedKeys(String middleware, Keys.Fetched config, Upstream upstream, EventLoop loop, KeyFetchMetrics metrics) {
        this.middleware = middleware;
        this.config = config;
        this.upstream = upstream;
        this.loop = loop;
        this.metrics = metrics;
        CompletableFuture<Void> _ = upstream.resolved()
                .whenComplete((_, _) -> loop.execute(() -> {
                    if (!attempted) {
                        fetch();
                    }
                }));
    }

    @Override
    public @Nullable KeySet current() {
        Known now = known;
        if (now == null) {
            return null;
        }
        long ageNanos = System.nanoTime() - now.fetchedNanos();
        if (ageNanos > config.refresh().toNanos() && refreshAsked.compareAndSet(false, true)) {
            loop.execute(() -> {
                refreshAsked.set(false);
                if (mayFetch()) {
                    fetch();
                }
            });
        }
        return ageNanos > config.refresh().toNanos() + config.maxStale().toNanos() ? null : now.keys();
    }

    @Override
    public void renew(@Nullable KeySet seen, EventLoop asking, Runnable then) {
        Waiter waiter = new Waiter(asking, then);
        loop.execute(() -> {
            KeySet now = current();
            // A fetch may have ended since.
            boolean others = now != null && !Objects.equals(now, seen);
            if (others || waiters.size() >= MAX_WAITING || !(fetching || mayFetch())) {
                waiter.tell();
                return;
            }
            waiters.add(waiter);
            if (!fetching) {
                fetch();
            }
        });
    }

    private boolean mayFetch() {
        return !fetching
                && (!attempted
                        || System.nanoTime() - attemptedNanos >= config.retry().toNanos());
    }

    private void fetch() {
        fetching = true;
        attempted = true;
        attemptedNanos = System.nanoTime();
        HttpHeaders headers = DefaultHttpHeadersFactory.headersFactory().newHeaders();
        headers.set(HttpHeaderNames.ACCEPT, "application/jwk-set+json, application/json");
        headers.set(HttpHeaderNames.USER_AGENT, "gojinn-keys");
        config.host().ifPresent(host -> headers.set(HttpHeaderNames.HOST, host));
        upstream.ask(
                loop,
                new Subrequest.Question(HttpMethod.GET, config.path(), headers, config.timeout(), MAX_BYTES),
                this::fetched);
    }

    private void fetched(Subrequest.Outcome outcome) {
        fetching = false;
        switch (outcome) {
            case Subrequest.Outcome.Answered answered when answered.status() == 200 -> keep(answered.body());
            case Subrequest.Outcome.Answered answered -> failed("status " + answered.status());
            case Subrequest.Outcome.Failed none -> failed((none.fault().label() + " " + none.detail()).strip());
        }
        List<Waiter> told = List.copyOf(waiters);
        waiters.clear();
        told.forEach(Waiter::tell);
    }

    private void keep(ByteBuffer body) {
        byte[] json = new byte[body.remaining()];
        body.get(json);
        try {
            KeySet fetched = KeySet.parse(json);
            Known before = known;
            // What has been verified stays so for as long as the keys are the same.
            boolean same = before != null && before.keys().equals(fetched);
            KeySet keys = before != null && same ? before.keys() : fetched;
            known = new Known(keys, System.nanoTime());
            metrics.fetched();
            if (!same) {
                LOG.atInfo()
                        .addKeyValue("middleware", middleware)
                        .addKeyValue("keys", keys.size())
                        .log("keys of tokens fetched");
            }
        } catch (IllegalArgumentException unusable) {
            failed(String.valueOf(unusable.getMessage()));
        }
    }

    private void failed(String reason) {
        metrics.failed();
        LOG.atWarn()
                .addKeyValue("middleware", middleware)
                .addKeyValue("upstream", config.upstream())
                .addKeyValue("reason", reason)
                .log("keys of tokens could not be fetched");
    }
}
