package io.gojinn.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestTest {
    private static final List<String> KEYS = List.of("name", "targets", "connect_timeout", "response_timeout");

    @Test
    void findsWhatWasMeant() {
        assertThat(Nearest.to("naem", KEYS)).isEqualTo("name");
        assertThat(Nearest.to("target", KEYS)).isEqualTo("targets");
        assertThat(Nearest.to("conect_timeout", KEYS)).isEqualTo("connect_timeout");
    }

    @Test
    void guessesNothingFarFetched() {
        assertThat(Nearest.to("health", KEYS)).isNull();
        assertThat(Nearest.to("", KEYS)).isNull();
        assertThat(Nearest.to("n".repeat(100_000), KEYS)).isNull();
    }

    @Test
    void countsASwapAsOneStep() {
        assertThat(Nearest.distance("abcd", "abdc")).isEqualTo(1);
        assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
    }
}
