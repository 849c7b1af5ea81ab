package io.gojinn.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Threads inherit their priority; whoever asks for code to be compiled must not hand its own to the compiler. */
@EnabledOnOs(OS.LINUX)
class CompilerPriorityTest {
    /** What the engine gives idle compilers unless it is told otherwise, and some. */
    private static final Duration IDLE = Duration.ofSeconds(12);

    private static final FunctionLimits LIMITS =
            new FunctionLimits(Duration.ofMillis(200), Long.MAX_VALUE / 2, 16 << 20, 5 << 20, 1 << 20, 1, 1);

    private static final String COMPILERS = "(TruffleCompiler)";
    private static final String BACKGROUND_WORKERS = "(gojinn-backgrou)";

    @Test
    void compilersDoNotEndWhenIdleSoThatNoLongExecutionStartsThemWithItsPriority()
            throws IOException, InterruptedException, FunctionRejectedException {
        try (FunctionRuntime runtime = FunctionRuntime.start(new RuntimeOptions(2, 16), new CollectorRegistry())) {
            Map<String, Integer> compilers = niceness(COMPILERS);
            assertThat(compilers).isNotEmpty();

            Thread.sleep(IDLE);
            TestInvocation invocation = new TestInvocation("");
            runtime.prepare(new FunctionDefinition(
                            "long", TestModules.module("busy-loop"), LIMITS, Map.of(), InstancePolicy.defaults()))
                    .invoker()
                    .invoke(invocation);
            assertThat(invocation.answer()).isEqualTo("deadline");

            int ofProcess = nice(Path.of("/proc/self/stat"));
            assertThat(niceness(BACKGROUND_WORKERS).values()).allMatch(nice -> nice > ofProcess);
            assertThat(niceness(COMPILERS)).containsAllEntriesOf(compilers);
            assertThat(niceness(COMPILERS).values()).containsOnly(ofProcess);
        }
    }

    /** By thread. */
    private static Map<String, Integer> niceness(String name) throws IOException {
        Map<String, Integer> niceness = new TreeMap<>();
        try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
            for (Path thread : threads.toList()) {
                Path stat = thread.resolve("stat");
                if (Files.exists(stat) && Files.readString(stat).contains(name)) {
                    niceness.put(thread.getFileName().toString(), nice(stat));
                }
            }
        }
        return niceness;
    }

    /** The 19th field (proc_pid_stat(5)); the second, in parentheses, may hold spaces. */
    private static int nice(Path stat) throws IOException {
        String text = Files.readString(stat);
        return Integer.parseInt(text.substring(text.lastIndexOf(')') + 2).split(" ", -1)[16]);
    }
}
