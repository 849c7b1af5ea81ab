package io.gojinn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TerminalTextTest {
    @Test
    void showsControlSequencesInsteadOfObeyingThem() {
        assertThat(TerminalText.line("a\u001b[2Jb\nc\u202ed\u009be\u2028"))
                .isEqualTo("a\\u001b[2Jb\\u000ac\\u202ed\\u009be\\u2028");
    }

    @Test
    void leavesOtherTextAlone() {
        assertThat(TerminalText.line("grüße, 世界 😀")).isEqualTo("grüße, 世界 😀");
    }
}
