package io.gojinn.cli.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Notices that files have changed, by looking at them again and again. Thread-safe.
 *
 * <p>A path is followed to the file it leads to, so that a file renamed over another, a symbolic link set to another file and a
 * link to a folder of links, as Kubernetes mounts them, are all the same to it, on every file system. A change counts when two
 * looks in a row see the same: what is still being written is not. Looking takes a fiftieth of the time at most, however many
 * files there are.
 */
final class FileWatch implements AutoCloseable {
    private static final int MOST_OF_TIME = 50;

    private final Runnable changed;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("gojinn-watch").daemon().factory());

    // Guarded by this.
    private Map<Path, Stamp> known = Map.of();
    private @Nullable Map<Path, Stamp> different;
    private Duration interval = Duration.ZERO;
    private boolean looking;

    /** What tells one state of a file from another. */
    private record Stamp(
            @Nullable Object identity, @Nullable FileTime modified, long bytes) {
        private static final Stamp MISSING = new Stamp(null, null, -1);

        static Stamp of(Path file) {
            try {
                BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                return new Stamp(attributes.fileKey(), attributes.lastModifiedTime(), attributes.size());
            } catch (IOException | SecurityException missing) {
                return MISSING;
            }
        }
    }

    /**
     * Nothing to look at yet.
     *
     * @param changed called on the thread of the watch after each change; must not block
     */
    FileWatch(Runnable changed) {
        this.changed = changed;
    }

    /** Takes the files as they are now for known: what changes from now on is a change. */
    synchronized void mark() {
        known = stamps(known.keySet());
        different = null;
    }

    /** Looks at these files and no others. Those that were looked at before keep what is known of them. */
    synchronized void follow(Collection<Path> files) {
        Map<Path, Stamp> followed = new HashMap<>();
        for (Path file : files) {
            Stamp stamp = known.get(file);
            followed.put(file, stamp == null ? Stamp.of(file) : stamp);
        }
        known = followed;
        different = null;
    }

    /** Looks as well at these files. */
    synchronized void followAlso(Collection<Path> files) {
        for (Path file : files) {
            if (!known.containsKey(file)) {
                known = new HashMap<>(known);
                known.put(file, Stamp.of(file));
            }
        }
        different = null;
    }

    /** Looks from now on. */
    synchronized void every(Duration interval) {
        this.interval = interval;
        if (!looking) {
            looking = true;
            next(interval.toNanos());
        }
    }

    /** Looks no more. */
    synchronized void pause() {
        interval = Duration.ZERO;
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void next(long nanos) {
        thread.schedule(this::look, nanos, TimeUnit.NANOSECONDS);
    }

    private void look() {
        long startNanos = System.nanoTime();
        boolean tell;
        synchronized (this) {
            if (interval.isZero()) {
                looking = false;
                return;
            }
            Map<Path, Stamp> now = stamps(known.keySet());
            boolean same = now.equals(known);
            tell = !same && now.equals(different);
            different = same ? null : now;
            if (tell) {
                known = now;
                different = null;
            }
            next(Math.max(interval.toNanos(), MOST_OF_TIME * (System.nanoTime() - startNanos)));
        }
        if (tell) {
            changed.run();
        }
    }

    private static Map<Path, Stamp> stamps(Collection<Path> files) {
        Map<Path, Stamp> stamps = new HashMap<>();
        for (Path file : files) {
            stamps.put(file, Stamp.of(file));
        }
        return stamps;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
