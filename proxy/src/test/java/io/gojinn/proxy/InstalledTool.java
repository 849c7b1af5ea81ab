package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs of others that tests run, and .ci/run installs. */
final class InstalledTool {
    private InstalledTool() {}

    /** Skips the test, loudly, where the tool is not installed; fails it in continuous integration, where it must be. */
    static void require(String tool) {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            if (Files.isExecutable(Path.of(folder, tool))) {
                return;
            }
        }
        String missing = tool + " is not installed: .ci/run installs it";
        if (System.getenv("CI") != null) {
            fail(missing);
        }
        System.err.println("SKIPPED: " + missing);
        abort(missing);
    }

    /** Runs a program to its end, at most a minute, and returns what it wrote. */
    static String run(Path folder, List<String> command) throws IOException, InterruptedException {
        Path output = Files.createTempFile(folder, "output", ".txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        return Files.readString(output, StandardCharsets.ISO_8859_1);
    }
}
