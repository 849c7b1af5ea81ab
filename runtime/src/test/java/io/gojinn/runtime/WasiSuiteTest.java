package io.gojinn.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The WASI preview 1 conformance suite, all of it that asks for no directory and no argument, which functions are never
 * given.
 */
class WasiSuiteTest {
    private static final Path SUITE = Path.of(System.getProperty("gojinn.vectors"), "wasi-p1");
    private static final FunctionRuntime RUNTIME =
            FunctionRuntime.start(new RuntimeOptions(1, 1), new CollectorRegistry());

    @AfterAll
    static void close() {
        RUNTIME.close();
    }

    @Test
    void theSuiteIsThere() throws IOException {
        assumeTrue(Files.isDirectory(SUITE), "skipped: no conformance vectors at " + SUITE);
        try (Stream<Path> modules = modules()) {
            assertThat(modules).hasSize(17);
        }
    }

    static Stream<Path> modules() throws IOException {
        if (!Files.isDirectory(SUITE)) {
            return Stream.of(SUITE);
        }
        try (Stream<Path> files = Files.walk(SUITE)) {
            List<Path> modules = files.filter(file -> file.toString().endsWith(".wasm"))
                    .filter(module -> {
                        JsonNode expectation = expectation(module);
                        return !expectation.has("root") && !expectation.has("args");
                    })
                    .sorted()
                    .toList();
            return modules.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("modules")
    void behavesAsTheSuiteExpects(Path module) throws FunctionRejectedException {
        assumeTrue(Files.isRegularFile(module), "skipped: no conformance vectors at " + SUITE);
        JsonNode expectation = expectation(module);
        Map<String, String> environment = new LinkedHashMap<>();
        expectation
                .path("env")
                .properties()
                .forEach(variable ->
                        environment.put(variable.getKey(), variable.getValue().asString()));
        FunctionLimits limits = new FunctionLimits(Duration.ofSeconds(20), 10_000_000_000L, 16 << 20, 1 << 20, 0, 1, 1);
        FunctionInvoker function = RUNTIME.prepare(new FunctionDefinition(
                        module.getFileName().toString(), module, limits, environment, InstancePolicy.defaults()))
                .invoker();
        for (int run = 0; run < 2; run++) {
            TestInvocation invocation = new TestInvocation("");
            function.invoke(invocation);
            assertThat(exitCode(invocation.outcome()))
                    .as(invocation.lines().toString())
                    .isEqualTo(expectation.path("exit_code").asInt(0));
            if (expectation.has("stdout")) {
                assertThat(StandardCharsets.UTF_8.decode(invocation.output()).toString())
                        .isEqualTo(expectation.get("stdout").asString());
            }
        }
    }

    /** These modules write no envelope: coming to the envelope at all means that they exited with 0. */
    private static int exitCode(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Replied replied -> 0;
            case Outcome.Passed passed -> 0;
            case Outcome.Failed failed when failed.failure() == FunctionFailure.CONTRACT -> 0;
            case Outcome.Failed failed
            when failed.failure() == FunctionFailure.EXIT ->
                Integer.parseInt(failed.detail().replace("exit code ", ""));
            case Outcome.Failed failed -> throw new AssertionError(failed.toString());
        };
    }

    private static JsonNode expectation(Path module) {
        Path file = Path.of(module.toString().replace(".wasm", ".json"));
        return Files.exists(file)
                ? JsonMapper.shared().readTree(file.toFile())
                : JsonMapper.shared().createObjectNode();
    }
}
