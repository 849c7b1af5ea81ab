package io.gojinn.proxy.upstream;

/**
 * What can be told of a target.
 *
 * @param target its name, with the address it resolved to
 * @param active requests that are with it
 * @param health healthy, starting, unhealthy, ejected
 */
public record TargetStatus(String target, int weight, int active, String health) {
    static TargetStatus of(Target target, long nowNanos) {
        return new TargetStatus(target.label(), target.config().weight(), target.active(), health(target, nowNanos));
    }

    private static String health(Target target, long nowNanos) {
        if (!target.isPassing()) {
            return "unhealthy";
        }
        if (target.isEjected()) {
            return "ejected";
        }
        return target.isRising(nowNanos) ? "starting" : "healthy";
    }
}
