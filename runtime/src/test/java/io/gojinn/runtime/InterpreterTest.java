package io.gojinn.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.runtime.sandbox.SandboxEngine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A virtual machine without the flags that the compiler needs. */
class InterpreterTest {
    @Test
    void functionsAreInterpretedAndTheEngineSaysSo() throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Interpreted.class.getName())
                .redirectErrorStream(true)
                .start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .endsWith("compiles: false\n");
    }

    /** What the other virtual machine runs. Public, for it is its main class. */
    public static final class Interpreted {
        private Interpreted() {}

        /** Creates an engine, which calls functions. */
        @SuppressWarnings("SystemOut") // read by the test
        public static void main(String... arguments) {
            try (SandboxEngine engine = SandboxEngine.create()) {
                System.out.println("compiles: " + engine.compiles());
            }
        }
    }
}
