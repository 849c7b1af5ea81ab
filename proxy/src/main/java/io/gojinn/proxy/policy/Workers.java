package io.gojinn.proxy.policy;

import io.gojinn.proxy.failure.Denial;
import io.gojinn.proxy.failure.Failure;
import io.gojinn.proxy.http.RequestPhase;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads for what an event loop must not do itself: checking passwords and signatures. So many work at once, so many requests wait;
 * a further one is answered with 503. Thread-safe.
 */
public final class Workers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);
    private static final Failure FULL = new Failure.Denied(
            Denial.CREDENTIALS_BUSY,
            "too many credentials are waiting to be checked",
            List.of(Map.entry("Retry-After", "1")));

    private final ThreadPoolExecutor threads;

    /** Threads that start when they are needed, and end when they are not. */
    public Workers(String name, int most, int waiting) {
        threads = new ThreadPoolExecutor(
                most,
                most,
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(waiting),
                Thread.ofPlatform().daemon().name(name + "-", 0).factory());
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Does work for a request, and goes on with what came of it on its event loop. The phase fails when there is no room, and when the
     * work throws.
     */
    public <T> void run(EventLoop loop, RequestPhase phase, Supplier<T> work, Consumer<T> then) {
        try {
            threads.execute(() -> back(loop, done(phase, work, then)));
        } catch (RejectedExecutionException full) {
            phase.fail(FULL);
        }
    }

    private static <T> Runnable done(RequestPhase phase, Supplier<T> work, Consumer<T> then) {
        try {
            T done = work.get();
            return () -> then.accept(done);
        } catch (RuntimeException defect) {
            LOG.error("a credential could not be checked", defect);
            return () -> phase.fail(new Failure.Host(defect.toString()));
        }
    }

    private static void back(EventLoop loop, Runnable next) {
        try {
            loop.execute(next);
        } catch (RejectedExecutionException stopped) {
            LOG.debug("nobody waits for a credential any more", stopped);
        }
    }

    /** Ends the threads; what waits is not done. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
