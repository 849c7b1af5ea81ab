package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.middleware.ForwardAuthRules;
import io.gojinn.proxy.middleware.MiddlewareConfig;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.observe.Metrics;
import io.gojinn.proxy.policy.Workers;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteConfig;
import io.gojinn.proxy.transport.Transport;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.Registry;
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What middleware remembers belongs to the object; so one config after the other must get the same object. */
class MiddlewareFactoryTest {
    private static final MiddlewareKind.Call KIND = MiddlewareKind.Call.named("f");
    private static final FunctionInvoker FUNCTION = FakeFunction.echo();

    private final MiddlewareFactory.Means means = new MiddlewareFactory.Means(
            Transport.select().newLoops(1, "test"),
            new Metrics(new CollectorRegistry()),
            new Workers("tokens", 1, 1),
            new Workers("passwords", 1, 1));
    private final List<Middleware> closed = new ArrayList<>();
    private final Registry<MiddlewareFactory.Key, Middleware> known = new Registry<>(closed::add);

    @Test
    void findsTheMiddlewareOfTheConfigBefore() throws Exception {
        List<Registry.Lease<?>> before = new ArrayList<>();
        take(KIND, FUNCTION, before);
        Middleware kept = known.values().getFirst();
        List<Registry.Lease<?>> after = new ArrayList<>();
        take(MiddlewareKind.Call.named("f"), FUNCTION, after);
        before.forEach(Registry.Lease::close);
        assertThat(known.values()).containsExactly(kept);
        assertThat(closed).isEmpty();
        after.forEach(Registry.Lease::close);
        assertThat(closed).containsExactly(kept);
    }

    @Test
    void makesAnotherWhenASettingIsAnother() throws Exception {
        take(KIND, FUNCTION, new ArrayList<>());
        take(
                new MiddlewareKind.Call("f", Set.of(MiddlewareKind.Phase.RESPONSE), false, Set.of()),
                FUNCTION,
                new ArrayList<>());
        assertThat(known.values()).hasSize(2);
    }

    @Test
    void makesAnotherWhenItsFunctionIsAnother() throws Exception {
        take(KIND, FUNCTION, new ArrayList<>());
        take(KIND, FakeFunction.echo(), new ArrayList<>());
        assertThat(known.values()).hasSize(2);
    }

    /** An upstream whose certificates cannot be loaded is one problem of a config, and its middleware another. */
    @Test
    void saysWhichMiddlewareHasNoUpstream() {
        MiddlewareKind kind = new ForwardAuthRules("gone", "/", List.of(), List.of(), Duration.ofSeconds(1));
        assertThatThrownBy(() -> take(kind, FUNCTION, new ArrayList<>()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("middleware m")
                .hasMessageContaining("gone");
    }

    private void take(MiddlewareKind kind, FunctionInvoker function, List<Registry.Lease<?>> leases) throws Exception {
        MiddlewareFactory factory =
                new MiddlewareFactory(Map.of("f", function), Map.of(), means, Map.of(), known, leases);
        factory.take(new MiddlewareConfig("m", kind));
        RouteConfig route = new RouteConfig(
                "r", TestProxy.path("/"), List.of("m"), new RouteAction.Respond(200, Map.of(), "answer"));
        assertThat(factory.of(route)).isNotNull();
    }
}
