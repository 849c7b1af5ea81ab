package io.gojinn.cli.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWatchTest {
    private static final Duration INTERVAL = Duration.ofMillis(50);

    @TempDir
    private Path folder;

    private final Semaphore changes = new Semaphore(0);
    private final FileWatch watch = new FileWatch(changes::release);

    @AfterEach
    void close() {
        watch.close();
    }

    private void follow(Path... files) {
        watch.follow(List.of(files));
        watch.every(INTERVAL);
    }

    private void assertNoticed() throws InterruptedException {
        assertThat(changes.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    }

    private void assertNothingMore() throws InterruptedException {
        assertThat(changes.tryAcquire(6 * INTERVAL.toMillis(), TimeUnit.MILLISECONDS))
                .isFalse();
    }

    @Test
    void noticesAFileWrittenInPlace() throws Exception {
        Path file = Files.writeString(folder.resolve("f"), "one");
        follow(file);
        assertNothingMore();
        Files.writeString(file, "other");
        assertNoticed();
        assertNothingMore();
    }

    /** As editors and certificate renewals do; size and time may be what they were. */
    @Test
    void noticesAFileRenamedOverAnother() throws Exception {
        Path file = Files.writeString(folder.resolve("f"), "one");
        FileTime time = Files.getLastModifiedTime(file);
        follow(file);
        Path other = Files.writeString(folder.resolve("g"), "two");
        Files.setLastModifiedTime(other, time);
        Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
        assertNoticed();
        assertNothingMore();
    }

    /** As Kubernetes mounts a ConfigMap: the file is a link into a folder that is a link, and the latter is replaced. */
    @Test
    void noticesAFolderOfLinksSetToAnother() throws Exception {
        Files.writeString(Files.createDirectory(folder.resolve("..1")).resolve("f"), "one");
        Files.writeString(Files.createDirectory(folder.resolve("..2")).resolve("f"), "two");
        Files.createSymbolicLink(folder.resolve("..data"), Path.of("..1"));
        Path file = Files.createSymbolicLink(folder.resolve("f"), Path.of("..data", "f"));
        follow(file);
        Files.createSymbolicLink(folder.resolve("..data_tmp"), Path.of("..2"));
        Files.move(folder.resolve("..data_tmp"), folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
        assertThat(Files.readString(file)).isEqualTo("two");
        assertNoticed();
        assertNothingMore();
    }

    @Test
    void noticesAFileThatGoesAndComes() throws Exception {
        Path file = folder.resolve("f");
        follow(file);
        Files.writeString(file, "here");
        assertNoticed();
        Files.delete(file);
        assertNoticed();
        assertNothingMore();
    }

    /** Half a file is no change: it is told once, when nothing more is written. */
    @Test
    void waitsUntilAFileIsComplete() throws Exception {
        Path file = Files.writeString(folder.resolve("f"), "");
        follow(file);
        long deadlineNanos = System.nanoTime() + 20 * INTERVAL.toNanos();
        while (System.nanoTime() < deadlineNanos) {
            append(file);
        }
        assertThat(changes.availablePermits()).isZero();
        assertNoticed();
        assertNothingMore();
    }

    private static void append(Path file) throws IOException {
        if (Files.size(file) < 64 << 20) {
            Files.writeString(file, "more\n", StandardOpenOption.APPEND);
        }
    }

    @Test
    void tellsNothingOfWhatItWasToldIsKnown() throws Exception {
        Path file = Files.writeString(folder.resolve("f"), "one");
        watch.follow(List.of(file));
        Files.writeString(file, "other");
        watch.mark();
        watch.every(INTERVAL);
        assertNothingMore();
    }
}
