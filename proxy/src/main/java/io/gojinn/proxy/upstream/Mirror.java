package io.gojinn.proxy.upstream;

import io.gojinn.proxy.http.Action;
import io.gojinn.proxy.http.Activity;
import io.gojinn.proxy.http.Exchange;
import io.gojinn.proxy.observe.MirrorMetrics;
import io.gojinn.proxy.observe.MirrorMetrics.Outcome;
import io.gojinn.proxy.route.MirrorConfig;
import io.netty.handler.codec.http.HttpContent;
import java.util.concurrent.ThreadLocalRandom;

/**
 * An action whose requests go to another upstream as well, where they are answered to nobody. Thread-safe.
 *
 * <p>The original never waits: a copy is taken of what passes by, and when that cannot be done at once it is not done. What copies
 * hold is bounded by their number and the size of their bodies.
 */
public final class Mirror implements Action {
    private final Action action;
    private final MirrorConfig config;
    private final Upstream upstream;
    private final MirrorMetrics metrics;
    private final MirrorWindow window;

    /** A mirror in front of an action, to an upstream that lives as long. */
    public Mirror(Action action, MirrorConfig config, Upstream upstream, MirrorMetrics metrics) {
        this.action = action;
        this.config = config;
        this.upstream = upstream;
        this.metrics = metrics;
        this.window = new MirrorWindow(config.requests());
    }

    @Override
    public Activity open(Exchange exchange) {
        // What goes through a tunnel is no request.
        if (!exchange.upgrade().isEmpty()
                || (config.share() < 1 && ThreadLocalRandom.current().nextDouble() >= config.share())) {
            return action.open(exchange);
        }
        if (exchange.contentLength() > config.maxBodyBytes()) {
            metrics.request(Outcome.TOO_LARGE);
            return action.open(exchange);
        }
        if (!window.enter()) {
            metrics.request(Outcome.BUSY);
            return action.open(exchange);
        }
        MirrorCopy copy = new MirrorCopy(exchange, upstream, config, metrics, window);
        exchange.whenEnded(copy::originalEnded);
        return new Watched(action.open(exchange), copy);
    }

    @Override
    public boolean takesUpgrade(String protocol) {
        return action.takesUpgrade(protocol);
    }

    @Override
    public boolean passesCalls() {
        return action.passesCalls();
    }

    /** What the action does, and a copy of what it gets. */
    private record Watched(Activity original, MirrorCopy copy) implements Activity {
        @Override
        public void start() {
            // First: the original changes fields on their way. It gets the loop before the copy is sent all the same.
            copy.begin();
            original.start();
        }

        @Override
        public void bodyReceived(HttpContent content) {
            copy.add(content);
            original.bodyReceived(content);
        }

        @Override
        public void writabilityChanged() {
            original.writabilityChanged();
        }

        @Override
        public void cancelled() {
            original.cancelled();
        }
    }
}
