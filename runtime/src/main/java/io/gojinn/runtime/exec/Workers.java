package io.gojinn.runtime.exec;

import io.gojinn.runtime.sandbox.Sandbox;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that run executions: as many in the foreground as may run at a time, and in the background as many as there is
 * work for, of which one more waits. Thread-safe.
 */
final class Workers implements AutoCloseable {
    private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(5);

    private final Scheduler scheduler;
    private final Turns turns;
    private final Watchdog watchdog = new Watchdog();
    private final FunctionMetrics metrics;
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private final AtomicInteger started = new AtomicInteger();

    Workers(int foreground, Scheduler scheduler, FunctionMetrics metrics) {
        this.scheduler = scheduler;
        this.turns = new Turns(foreground);
        this.metrics = metrics;
        for (int i = 0; i < foreground; i++) {
            startForeground();
        }
        startBackground();
    }

    /** Another worker for short executions. */
    void startForeground() {
        start("gojinn-worker-", false);
    }

    /** Makes sure that a background worker is ready for the next long execution. */
    void keepIdleBackground() {
        if (!scheduler.hasIdleBackground() && scheduler.hasBackgroundPlace()) {
            startBackground();
        }
    }

    private void startBackground() {
        start("gojinn-background-", true);
    }

    private void start(String name, boolean inBackground) {
        Worker worker = new Worker(this, scheduler, turns, watchdog.slot(), metrics.active(), inBackground);
        Thread thread = Thread.ofPlatform()
                .name(name + started.getAndIncrement())
                .stackSize(Sandbox.STACK_BYTES)
                .daemon()
                .unstarted(worker);
        threads.add(thread);
        thread.start();
    }

    /** The calling worker ends. */
    void ended() {
        threads.remove(Thread.currentThread());
    }

    /** Waits for all of them; the scheduler must have been closed. */
    @Override
    public void close() {
        boolean interrupted = false;
        long deadlineNanos = System.nanoTime() + JOIN_TIMEOUT.toNanos();
        for (Thread thread : threads) {
            try {
                thread.join(Duration.ofNanos(Math.max(1, deadlineNanos - System.nanoTime())));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        watchdog.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
