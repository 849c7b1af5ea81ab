package io.gojinn.cli.app;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that reloads come one after the other, however many ask at once: all who ask while one goes on share the next
 * one. Thread-safe.
 */
final class Reloader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("gojinn");
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(15);

    private final Function<String, ReloadOutcome> attempt;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("gojinn-reload").daemon().factory());
    // The reload that has not begun. Guarded by this.
    private @Nullable CompletableFuture<ReloadOutcome> next;

    /**
     * No reload goes on.
     *
     * @param attempt one reload, given who asked for it first; called on one thread
     */
    Reloader(Function<String, ReloadOutcome> attempt) {
        this.attempt = attempt;
    }

    /**
     * Asks for a reload that begins from now on.
     *
     * @param cause who asks, for the log
     * @return its outcome; never done when the process stops before
     */
    synchronized CompletableFuture<ReloadOutcome> request(String cause) {
        if (next != null) {
            return next;
        }
        CompletableFuture<ReloadOutcome> requested = new CompletableFuture<>();
        next = requested;
        try {
            thread.execute(() -> run(cause, requested));
        } catch (RejectedExecutionException stopping) {
            // Nobody will look at what was asked for.
        }
        return requested;
    }

    private void run(String cause, CompletableFuture<ReloadOutcome> requested) {
        synchronized (this) {
            next = null;
        }
        try {
            requested.complete(attempt.apply(cause));
        } catch (RuntimeException | Error defect) {
            LOG.error("a reload failed, the config before is served", defect);
            requested.completeExceptionally(defect);
        }
    }

    /** Lets the reload end that goes on, and begins no other. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            thread.awaitTermination(CLOSE_LIMIT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
