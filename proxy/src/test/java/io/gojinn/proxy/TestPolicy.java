package io.gojinn.proxy;

import io.gojinn.proxy.sticky.StickyPolicy;
import io.gojinn.proxy.upstream.BalancePolicy;
import io.gojinn.proxy.upstream.EjectionPolicy;
import io.gojinn.proxy.upstream.HealthPolicy;
import io.gojinn.proxy.upstream.RetryPolicy;
import io.gojinn.proxy.upstream.TunnelConfig;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.UpstreamLimits;
import io.gojinn.proxy.upstream.UpstreamPolicy;
import io.gojinn.proxy.upstream.WireConfig;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** An upstream's policy under construction; what is not said is as by default. */
final class TestPolicy {
    /** For tests that are about something else: targets stay. */
    static final EjectionPolicy NO_EJECTION = new EjectionPolicy(0, 0, Duration.ofSeconds(1), Duration.ofSeconds(1), 0);

    private BalancePolicy balance = new BalancePolicy.RoundRobin();
    private Duration responseTimeout = Duration.ofSeconds(10);
    private Duration idleTimeout = Duration.ofSeconds(10);
    private Optional<Duration> requestTimeout = Optional.empty();
    private Duration slowStart = Duration.ZERO;
    private UpstreamLimits limits = UpstreamLimits.defaults();
    private RetryPolicy retry = RetryPolicy.defaults();
    private EjectionPolicy ejection = NO_EJECTION;
    private Optional<HealthPolicy> health = Optional.empty();

    private Optional<StickyPolicy> sticky = Optional.empty();
    private String name = "app";

    static TestPolicy policy() {
        return new TestPolicy();
    }

    /** Names the upstream otherwise than {@code app}. */
    TestPolicy named(String name) {
        this.name = name;
        return this;
    }

    TestPolicy sticky(StickyPolicy sticky) {
        this.sticky = Optional.of(sticky);
        return this;
    }

    TestPolicy balance(BalancePolicy balance) {
        this.balance = balance;
        return this;
    }

    TestPolicy responseTimeout(long millis) {
        this.responseTimeout = Duration.ofMillis(millis);
        return this;
    }

    TestPolicy idleTimeout(long millis) {
        this.idleTimeout = Duration.ofMillis(millis);
        return this;
    }

    TestPolicy requestTimeout(long millis) {
        this.requestTimeout = Optional.of(Duration.ofMillis(millis));
        return this;
    }

    TestPolicy slowStart(Duration slowStart) {
        this.slowStart = slowStart;
        return this;
    }

    TestPolicy limits(int requests, int targetRequests, int queue, long queueMillis) {
        this.limits = new UpstreamLimits(requests, targetRequests, queue, Duration.ofMillis(queueMillis));
        return this;
    }

    TestPolicy retry(int attempts, int minimumPerSecond, int maxBodyBytes, Integer... statuses) {
        this.retry =
                new RetryPolicy(attempts, 0, minimumPerSecond, Duration.ofMillis(1), Set.of(statuses), maxBodyBytes);
        return this;
    }

    TestPolicy ejection(int failures, int serverErrors, long baseMillis, double maxShare) {
        this.ejection = new EjectionPolicy(
                failures, serverErrors, Duration.ofMillis(baseMillis), Duration.ofSeconds(60), maxShare);
        return this;
    }

    TestPolicy health(long intervalMillis, long timeoutMillis, int healthy, int unhealthy) {
        this.health = Optional.of(new HealthPolicy(
                "/healthz",
                Optional.empty(),
                Duration.ofMillis(intervalMillis),
                Duration.ofMillis(timeoutMillis),
                healthy,
                unhealthy,
                List.of(new HealthPolicy.StatusRange(200, 299))));
        return this;
    }

    UpstreamConfig of(RawUpstream... upstreams) {
        return of(Stream.of(upstreams).map(RawUpstream::address).toArray(InetSocketAddress[]::new));
    }

    UpstreamConfig of(InetSocketAddress... addresses) {
        return new UpstreamConfig(
                name,
                Stream.of(addresses)
                        .map(address -> new UpstreamConfig.Target(
                                address.getAddress().getHostAddress(), address.getPort(), false))
                        .toList(),
                Duration.ofMillis(500),
                responseTimeout,
                16,
                WireConfig.defaults(),
                new UpstreamPolicy(
                        balance, idleTimeout, requestTimeout, slowStart, limits, retry, ejection, health, sticky),
                TunnelConfig.NONE);
    }
}
