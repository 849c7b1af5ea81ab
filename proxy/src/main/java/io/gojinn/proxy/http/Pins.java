package io.gojinn.proxy.http;

import io.netty.channel.EventLoop;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who still needs a service: exchanges, which every event loop counts for itself so that loops share nothing, and a few
 * holders of other kinds. Thread-safe.
 */
public final class Pins {
    private final OfLoop[] loops;
    // Loops that are not done, and holders.
    private final AtomicInteger users;
    private final Runnable unused;

    /**
     * Nobody needs it yet, but it is not retired.
     *
     * @param unused called once, on any thread, when it is retired and nobody needs it any more; must not block
     */
    public Pins(Collection<LoopConnections> loops, Runnable unused) {
        this.loops = new OfLoop[loops.size()];
        for (LoopConnections ofLoop : loops) {
            this.loops[ofLoop.index()] = new OfLoop(ofLoop.loop());
        }
        this.users = new AtomicInteger(loops.size());
        this.unused = unused;
    }

    OfLoop of(LoopConnections loop) {
        return loops[loop.index()];
    }

    /** Needs it until {@link #release}. Called before it is retired. */
    public void hold() {
        users.incrementAndGet();
    }

    public void release() {
        if (users.decrementAndGet() == 0) {
            unused.run();
        }
    }

    /** No exchange will begin with it any more: another service has been published before. */
    public void retire() {
        for (OfLoop ofLoop : loops) {
            ofLoop.loop.execute(ofLoop::retire);
        }
    }

    /** The exchanges of one event loop. Confined to it. */
    final class OfLoop {
        private final EventLoop loop;
        private int exchanges;
        private boolean retired;

        private OfLoop(EventLoop loop) {
            this.loop = loop;
        }

        void entered() {
            exchanges++;
        }

        void left() {
            exchanges--;
            releaseIfDone();
        }

        private void retire() {
            retired = true;
            releaseIfDone();
        }

        private void releaseIfDone() {
            if (retired && exchanges == 0) {
                release();
            }
        }
    }
}
