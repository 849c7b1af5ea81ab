package io.gojinn.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Holds docs/config.md to the schema; {@code ./mvnw -pl cli -am test -Dgojinn.docs.write=true} writes it anew. */
class ReferenceDocumentTest {
    private static final Path FILE =
            Path.of(System.getProperty("gojinn.root", "..")).resolve("docs/config.md");

    @Test
    void isWhatTheSchemaSays() throws IOException {
        if (Boolean.getBoolean("gojinn.docs.write")) {
            Files.writeString(FILE, ReferenceDocument.text());
        }
        assertThat(Files.readString(FILE))
                .as("write it anew with -Dgojinn.docs.write=true")
                .isEqualTo(ReferenceDocument.text());
    }

    @Test
    void explainsEveryKey() {
        List<String> unexplained = new ArrayList<>();
        ConfigSchema.FILE.keys().forEach(key -> collect(key, key.name(), unexplained));
        assertThat(unexplained).isEmpty();
    }

    private static void collect(Key<?> key, String path, List<String> unexplained) {
        Schema schema = key.type().schema();
        if (schema == null ? key.meaning().isEmpty() : schema.about().isEmpty()) {
            unexplained.add(path);
        }
        if (schema != null) {
            schema.keys().forEach(below -> collect(below, path + "." + below.name(), unexplained));
        }
    }
}
