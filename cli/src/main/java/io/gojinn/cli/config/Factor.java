package io.gojinn.cli.config;

import org.jspecify.annotations.Nullable;

/** How many times something is as much. */
record Factor(double least, double most) implements ValueType<Double> {
    @Override
    public String description() {
        return "a number from " + least + " to " + most;
    }

    @Override
    public @Nullable Double decode(Node node, Decoding decoding) {
        double value = switch (node.value()) {
            case Double real -> real;
            case Long whole -> whole;
            default -> Double.NaN;
        };
        if (value >= least && value <= most) {
            return value;
        }
        decoding.problems().add(node.place(), node.shown(), description());
        return null;
    }
}
