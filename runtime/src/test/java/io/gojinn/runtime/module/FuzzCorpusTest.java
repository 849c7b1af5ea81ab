package io.gojinn.runtime.module;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Inputs that fuzzing found, each of which takes a way through parser or rewriter that no other does. */
class FuzzCorpusTest {
    private static final Path CORPUS = Path.of(System.getProperty("gojinn.root"), "runtime/src/test/fuzz/corpus");

    @Test
    void everyFoundInputKeepsTheInvariants() throws IOException {
        List<Path> inputs;
        try (var files = Files.list(CORPUS)) {
            inputs = files.sorted().toList();
        }
        assertThat(inputs).hasSizeGreaterThan(100);
        for (Path input : inputs) {
            try {
                ModuleFuzzer.fuzzerTestOneInput(Files.readAllBytes(input));
            } catch (RuntimeException | Error e) {
                throw new AssertionError(input.toString(), e);
            }
        }
    }
}
