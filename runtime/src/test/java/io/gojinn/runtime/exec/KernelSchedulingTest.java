package io.gojinn.runtime.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class KernelSchedulingTest {
    private static final Path SCHEDULING = Path.of("/proc/thread-self/sched");
    private static final Pattern SLICE = Pattern.compile("^se\\.slice\\s+:\\s+(\\d+)$", Pattern.MULTILINE);
    private static final Pattern PRIORITY = Pattern.compile("^prio\\s+:\\s+(\\d+)$", Pattern.MULTILINE);

    /** What the kernel tells of the thread that asks. */
    private record Attributes(long sliceNanos, int priority) {
        static Attributes read() {
            try {
                String text = Files.readString(SCHEDULING);
                return new Attributes(number(SLICE, text), (int) number(PRIORITY, text));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static long number(Pattern line, String text) {
            Matcher matcher = line.matcher(text);
            assertThat(matcher.find()).as("%s in %s", line, text).isTrue();
            return Long.parseLong(matcher.group(1));
        }
    }

    @BeforeAll
    static void slicesCount() throws IOException {
        String release = Files.readString(Path.of("/proc/sys/kernel/osrelease"));
        Matcher version = Pattern.compile("(\\d+)\\.(\\d+)").matcher(release);
        assumeTrue(
                version.lookingAt()
                        && Integer.parseInt(version.group(1)) * 1_000 + Integer.parseInt(version.group(2)) >= 6_012,
                () -> "skipped: no slices of threads before Linux 6.12, this is " + release);
        assumeTrue(
                Files.exists(SCHEDULING)
                        && SLICE.matcher(Files.readString(SCHEDULING)).find(),
                "skipped: this kernel does not tell slices");
    }

    @Test
    void whoServesRequestsNeedNotWaitForTheSliceOfAnother() {
        Attributes other = in(Attributes::read);
        Attributes serving = in(() -> {
            KernelScheduling.shortTasks();
            return Attributes.read();
        });
        assertThat(serving.sliceNanos()).isLessThan(other.sliceNanos());
        assertThat(serving.priority()).isEqualTo(other.priority());
    }

    @Test
    void longExecutionsComeAfterShortOnesHoweverOftenOneStartsTheNext() {
        Attributes other = in(Attributes::read);
        Attributes serving = in(() -> {
            KernelScheduling.shortTasks();
            return Attributes.read();
        });
        Attributes background = in(() -> {
            KernelScheduling.background();
            return Attributes.read();
        });
        assertThat(background.sliceNanos()).isGreaterThan(serving.sliceNanos());
        assertThat(background.priority()).isEqualTo(other.priority() + 5);
        Attributes startedByIt = in(() -> {
            KernelScheduling.background();
            return in(() -> {
                KernelScheduling.background();
                return Attributes.read();
            });
        });
        assertThat(startedByIt).isEqualTo(background);
    }

    @Test
    void theSliceIsNotForThreadsThatItStarts() {
        Attributes other = in(Attributes::read);
        Attributes started = in(() -> {
            KernelScheduling.shortTasks();
            return in(Attributes::read);
        });
        assertThat(started).isEqualTo(other);
    }

    private static Attributes in(Supplier<Attributes> task) {
        CompletableFuture<Attributes> result = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> result.completeAsync(task, Runnable::run));
        return result.join();
    }
}
