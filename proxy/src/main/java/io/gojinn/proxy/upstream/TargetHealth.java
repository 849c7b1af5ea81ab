package io.gojinn.proxy.upstream;

import io.gojinn.proxy.observe.LogLimit;
import io.gojinn.proxy.observe.UpstreamMetrics;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Decides which targets of an upstream are well: by what checks say and by what requests run into.
 *
 * <p>Outcomes are told from any thread; what follows from them happens on the control loop, so that no two decisions cross.
 */
final class TargetHealth {
    private static final Logger LOG = LoggerFactory.getLogger("gojinn.upstream");

    private final String upstream;
    private final EjectionPolicy policy;
    private final EventLoop control;
    private final Supplier<List<Target>> targets;
    private final Runnable changed;
    private final UpstreamMetrics metrics;
    private final LogLimit lines = new LogLimit(20, Duration.ofSeconds(10));

    /**
     * Nothing is known yet.
     *
     * @param targets those there are now
     * @param changed told on the control loop after each change
     */
    TargetHealth(
            String upstream,
            EjectionPolicy policy,
            EventLoop control,
            Supplier<List<Target>> targets,
            Runnable changed,
            UpstreamMetrics metrics) {
        this.upstream = upstream;
        this.policy = policy;
        this.control = control;
        this.targets = targets;
        this.changed = changed;
        this.metrics = metrics;
    }

    // From any thread.

    /** A target gave a response. */
    void responded(Target target, int status) {
        if (status < 500 || policy.serverErrors() == 0) {
            target.succeeded();
        } else if (target.serverError() % policy.serverErrors() == 0) {
            suspect(target, policy.serverErrors() + " responses of 500 and above in a row");
        }
    }

    /** A target gave none. */
    void failed(Target target) {
        if (policy.failures() > 0 && target.failed() % policy.failures() == 0) {
            suspect(target, policy.failures() + " failures in a row");
        }
    }

    private void suspect(Target target, String reason) {
        control.execute(() -> eject(target, reason));
    }

    // On the control loop.

    @SuppressWarnings("FutureReturnValueIgnored") // nothing takes back the end of an ejection
    private void eject(Target target, String reason) {
        List<Target> all = targets.get();
        long ejected = all.stream().filter(Target::isEjected).count();
        if (target.isEjected() || !all.contains(target) || ejected + 1 > policy.maxShare() * all.size()) {
            return;
        }
        long now = System.nanoTime();
        long nanos = target.ejectionNanos(policy, now);
        target.ejected(true, now);
        metrics.ejected();
        log(target, "a target is ejected", reason + ", for " + TimeUnit.NANOSECONDS.toMillis(nanos) + " ms");
        changed.run();
        control.schedule(() -> readmit(target), nanos, TimeUnit.NANOSECONDS);
    }

    private void readmit(Target target) {
        target.ejected(false, System.nanoTime());
        if (targets.get().contains(target)) {
            log(target, "a target is back from ejection", "");
            changed.run();
        }
    }

    /** What the checks of a target say has changed. */
    void passing(Target target, boolean passes, String reason) {
        assert control.inEventLoop();
        target.passing(passes, System.nanoTime());
        log(target, passes ? "a target is healthy" : "a target is unhealthy", reason);
        changed.run();
    }

    private void log(Target target, String message, String reason) {
        long heldBack = lines.pass();
        if (heldBack != LogLimit.HELD_BACK) {
            LOG.atLevel(target.isAvailable() ? Level.INFO : Level.WARN)
                    .addKeyValue("upstream", upstream)
                    .addKeyValue("target", target.label())
                    .addKeyValue("reason", reason)
                    .addKeyValue("held_back", heldBack)
                    .log(message);
        }
    }
}
