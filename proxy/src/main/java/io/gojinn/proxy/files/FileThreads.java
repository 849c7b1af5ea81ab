package io.gojinn.proxy.files;

import io.gojinn.proxy.observe.Metrics;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that may wait for disks, and how many exchanges may use them. Thread-safe. What waits is bounded: an exchange that
 * was let in has at most one task at a time. Threads come with the first files and end when there was nothing to do for a while.
 */
public final class FileThreads {
    /** Exchanges that may have a file open at once. */
    public static final int MOST_OPEN = 4_096;

    private static final int THREADS = 8;

    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            THREADS,
            THREADS,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new DefaultThreadFactory("gojinn-files", true));
    private final AtomicInteger open = new AtomicInteger();

    /** No threads yet: they come with files. */
    public FileThreads(Metrics metrics) {
        threads.allowCoreThreadTimeOut(true);
        metrics.openFiles(open::get);
    }

    /** Lets an exchange in until {@link #leave}; false when there are as many as may be. */
    boolean enter() {
        if (open.incrementAndGet() > MOST_OPEN) {
            open.decrementAndGet();
            return false;
        }
        return true;
    }

    void leave() {
        open.decrementAndGet();
    }

    /** Runs a task of an exchange that was let in. Tasks must not fail. */
    void run(Runnable task) {
        threads.execute(task);
    }
}
