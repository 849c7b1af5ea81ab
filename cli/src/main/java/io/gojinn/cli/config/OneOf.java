package io.gojinn.cli.config;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One of a few integers. */
record OneOf(List<Integer> accepted) implements ValueType<Integer> {
    @Override
    public String description() {
        return "one of " + accepted.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }

    @Override
    public @Nullable Integer decode(Node node, Decoding decoding) {
        for (Integer candidate : accepted) {
            if (node.value() instanceof Long value && value == candidate.longValue()) {
                return candidate;
            }
        }
        decoding.problems().add(node.place(), node.shown(), description());
        return null;
    }
}
