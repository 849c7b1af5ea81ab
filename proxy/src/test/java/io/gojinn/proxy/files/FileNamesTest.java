package io.gojinn.proxy.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileNamesTest {
    @Test
    void takesPathsApart() {
        assertThat(FileNames.of("/", 0)).isEmpty();
        assertThat(FileNames.of("/a/b%20c/d.txt", 0)).isEqualTo(List.of("a", "b c", "d.txt"));
        assertThat(FileNames.of("/assets/b/", 1)).isEqualTo(List.of("b"));
        assertThat(FileNames.of("/assets", 1)).isEmpty();
        assertThat(FileNames.of("/assets/", 1)).isEmpty();
        // Middleware has changed the path: there is nothing in the place of the star.
        assertThat(FileNames.of("/assets", 2)).isNull();
        assertThat(FileNames.of("/%C3%BC", 0)).isEqualTo(List.of("\u00fc"));
        // Decoded once, so that this is a name with a percent sign in it.
        assertThat(FileNames.of("/%252e%252e", 0)).isEqualTo(List.of("%2e%2e"));
    }

    /** Most of these never come so far: paths are refused before they are routed. What does must not lead anywhere. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/..",
                "/a/../b",
                "/.",
                "/...",
                "/.git/config",
                "/a/.env",
                "/a//b",
                "/%2e%2e/b",
                "/%2E%2E%2Fb",
                "/a%2Fb",
                "/a%5Cb",
                "/a\\b",
                "/a%00b",
                "/a%0Ab",
                "/a%7Fb",
                "/%C0%AE%C0%AE/b",
                "/%FF",
                "/%E0%80%AF",
                "//etc/passwd"
            })
    void refusesNamesThatAreNone(String path) {
        assertThat(FileNames.of(path, 0)).isNull();
    }

    @Test
    void refusesNamesThatNoFileHas() {
        assertThat(FileNames.of("/" + "a".repeat(255), 0)).hasSize(1);
        assertThat(FileNames.of("/" + "a".repeat(256), 0)).isNull();
    }
}
