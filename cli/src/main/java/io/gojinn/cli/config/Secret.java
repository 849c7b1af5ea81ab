package io.gojinn.cli.config;

import org.jspecify.annotations.Nullable;

/** Text that nobody may guess, visible ASCII of at least {@value #LEAST_CHARS} characters. Problems never show it. */
record Secret(String description) implements ValueType<String> {
    private static final int LEAST_CHARS = 16;

    @Override
    public @Nullable String decode(Node node, Decoding decoding) {
        String problem = "no text";
        if (node.value() instanceof String written) {
            try {
                String text = decoding.placeholders().replaceIn(written);
                if (text.length() >= LEAST_CHARS && text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
                    return text;
                }
                problem = "a secret that is too short, or more than visible ASCII";
            } catch (Refused e) {
                decoding.refuse(node, e);
                return null;
            }
        }
        decoding.problems().add(node.place(), problem, description);
        return null;
    }

    @Override
    public String written(String value) {
        return "\"...\"";
    }
}
