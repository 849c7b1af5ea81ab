package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands as a shell sees them: what they print, and what they exit with. */
class CommandsTest {
    private static final Path ROOT = Path.of(System.getProperty("gojinn.root"));

    @TempDir
    Path folder;

    @Test
    void tenMistakesAreTenProblemsEachAtItsPlace() throws Exception {
        Path config = Files.writeString(folder.resolve("proxy.toml"), """
                [server]
                event_loop = 2
                shutdown_grace = "30"
                [[listener]]
                name = "web"
                address = "127.0.0.1"
                [listener.limits]
                header_bytes = "32Kib"
                [[upstream]]
                name = "app"
                targets = []
                [[route]]
                name = "a"
                match = { path = "v1" }
                upstream = "ap"
                [[route]]
                name = "a"
                match = { path = "/b", methods = ["GE T"] }
                redirect = { status = 200, location = "/elsewhere" }
                """);
        for (String command : List.of("check", "serve")) {
            Gojinn.Finished finished = Gojinn.run(command, config.toString());
            assertThat(finished.exitCode()).isEqualTo(1);
            assertThat(finished.err().lines().filter(line -> !line.startsWith("{")))
                    .as(finished.all())
                    .hasSize(10)
                    .allMatch(line -> line.matches(".*proxy\\.toml:\\d+:\\d+: .*found .*expected .*"));
            assertThat(finished.err()).contains("did you mean \"event_loops\"?").contains("did you mean \"app\"?");
        }
    }

    @Test
    void modulesThatAreNoneAreRefusedByEveryCommandWithTheReason() throws Exception {
        byte[] good = Files.readAllBytes(ROOT.resolve("config-examples/functions/greet.wasm"));
        Map<Path, String> refused = Map.of(
                Files.write(folder.resolve("truncated.wasm"), Arrays.copyOf(good, good.length / 2)), "at byte",
                Files.writeString(folder.resolve("text.wasm"), "I am no module."), "at byte",
                Files.createFile(folder.resolve("empty.wasm")), "at byte",
                ROOT.resolve("runtime/src/test/modules/imports-unknown.wasm"), "import env mystery is unknown",
                ROOT.resolve("runtime/src/test/modules/imports-kv.wasm"), "needs the grant \"kv\"");
        for (Map.Entry<Path, String> module : refused.entrySet()) {
            Path config = Files.writeString(folder.resolve("proxy.toml"), """
                    [[listener]]
                    name = "web"
                    address = "127.0.0.1:0"
                    [[function]]
                    name = "bad"
                    module = "%s"
                    [[route]]
                    name = "bad"
                    function = "bad"
                    """.formatted(module.getKey()));
            for (String[] command : List.of(
                    new String[] {"serve", config.toString()},
                    new String[] {"check", config.toString()},
                    new String[] {"validate", module.getKey().toString()})) {
                Gojinn.Finished finished = Gojinn.run(command);
                assertThat(finished.exitCode()).as(finished.all()).isEqualTo(1);
                assertThat(finished.all()).contains(module.getKey().toString()).contains(module.getValue());
            }
        }
    }

    @Test
    void validateRunsARequestOnceAndTellsWhatItTook() throws Exception {
        Path request = Files.writeString(folder.resolve("request.json"), """
                {"method": "GET", "path": "/", "query": {"name": ["CI"]}, "headers": {}, "body": ""}
                """);
        String module = ROOT.resolve("config-examples/functions/greet.wasm").toString();
        Gojinn.Finished text = Gojinn.run("validate", module, "--request", request.toString());
        assertThat(text.exitCode()).as(text.all()).isZero();
        assertThat(text.out())
                .contains("good", "command", "wasi_snapshot_preview1 fd_read", "Hello, CI!", "peak memory")
                .doesNotContain("\u001b[");
        Gojinn.Finished json = Gojinn.run("validate", module, "--request", request.toString(), "--json");
        assertThat(json.out().lines().filter(line -> line.startsWith("{\"file\"")))
                .singleElement()
                .asString()
                .contains("\"acceptable\":true", "\"status\":200", "\"execution_nanos\":");
    }

    @Test
    void validateTakesNoRequestThatIsNoJsonObject() throws Exception {
        String module = ROOT.resolve("config-examples/functions/greet.wasm").toString();
        for (Map.Entry<String, String> wrong : Map.of(
                        "{\n \"method\": GET}", ":2:", "[]", "no JSON object", "", "no JSON object")
                .entrySet()) {
            Path request = Files.writeString(folder.resolve("request.json"), wrong.getKey());
            Gojinn.Finished finished = Gojinn.run("validate", module, "--request", request.toString());
            assertThat(finished.exitCode()).as(finished.all()).isEqualTo(2);
            assertThat(finished.err()).contains(request.toString()).contains(wrong.getValue());
        }
    }

    @Test
    void usageErrorsExitWithTwo() throws Exception {
        assertThat(Gojinn.run("serve").exitCode()).isEqualTo(2);
        assertThat(Gojinn.run("sevre").err()).contains("serve");
        assertThat(Gojinn.run("validate", "x.wasm", "--timeout", "fast").exitCode())
                .isEqualTo(2);
        assertThat(Gojinn.run("--help").out()).contains("serve", "check", "validate");
        assertThat(Gojinn.run("generate-completion").out()).contains("complete");
    }
}
