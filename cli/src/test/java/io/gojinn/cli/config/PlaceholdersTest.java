package io.gojinn.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlaceholdersTest {
    @TempDir
    private Path folder;

    private String replaced(String text) throws Refused {
        return new Placeholders(folder, Map.of("A", "1", "NESTED", "${env:A}")::get).replaceIn(text);
    }

    @ParameterizedTest
    @CsvSource({
        "plain, plain",
        "${env:A}, 1",
        "x${env:A}y${env:A}z, x1y1z",
        "$${env:A}, ${env:A}",
        "$$${env:A}, $${env:A}",
        "$, $",
        "${env:NESTED}, ${env:A}",
        "$${, ${"
    })
    void replaces(String text, String expected) throws Refused {
        assertThat(replaced(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "${",
                "${env:A",
                "${}",
                "${A}",
                "${env:}",
                "${env:NONE}",
                "${file:none}",
                "${file:.}",
                "${file:\0}"
            })
    void refuses(String text) {
        assertThatThrownBy(() -> replaced(text)).isInstanceOf(Refused.class);
    }

    @Test
    void stripsOneLineEndOfAFile() throws IOException, Refused {
        Files.writeString(folder.resolve("unix"), "a\n\n");
        Files.writeString(folder.resolve("dos"), "b\r\n");
        Files.writeString(folder.resolve("none"), "c");
        assertThat(replaced("${file:unix}${file:dos}${file:none}")).isEqualTo("a\nbc");
    }

    @Test
    void refusesFilesThatAreLargeOrNoText() throws IOException {
        Files.write(folder.resolve("large"), new byte[Placeholders.MOST_FILE_BYTES + 1]);
        Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff});
        assertThatThrownBy(() -> replaced("${file:large}")).isInstanceOf(Refused.class);
        assertThatThrownBy(() -> replaced("${file:binary}")).isInstanceOf(Refused.class);
    }

    @Test
    void messagesShowThePlaceholderNeverItsValue() throws IOException {
        Files.writeString(folder.resolve("secret"), "hunter2 hunter2");
        String text = """
                [[listener]]
                name = "${file:secret}"
                address = "${file:secret}"
                [[function]]
                name = "f"
                module = "${file:secret}"
                timeout = "${file:secret}"
                env = { A = "${file:secret}\\u0000" }
                [[route]]
                name = "r"
                match = { host = "${file:secret}", path = "${file:secret}", headers = { A = "${file:secret} " } }
                function = "${file:secret}"
                """;
        assertThat(new ConfigFixture(folder).problems(text))
                .hasSize(9)
                .allSatisfy(problem ->
                        assertThat(problem).contains("${file:secret}").doesNotContain("hunter2"));
    }
}
