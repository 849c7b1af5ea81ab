package io.gojinn.proxy.middleware;

/** Text that nobody may see: not in a log, an error or a metric. */
public record Secret(String text) {
    @Override
    public String toString() {
        return "(secret)";
    }
}
