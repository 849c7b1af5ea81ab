package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.http.Middleware;
import io.gojinn.proxy.middleware.MiddlewareConfig;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.observe.Metrics;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteConfig;
import io.gojinn.runtime.FunctionInvoker;
import io.gojinn.runtime.Registry;
import io.prometheus.client.CollectorRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What middleware remembers belongs to the object; so one config after the other must get the same object. */
class MiddlewareFactoryTest {
    private static final MiddlewareKind.Call KIND = MiddlewareKind.Call.named("f");
    private static final FunctionInvoker FUNCTION = FakeFunction.echo();

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

    private void take(MiddlewareKind kind, FunctionInvoker function, List<Registry.Lease<?>> leases) throws Exception {
        MiddlewareFactory factory = new MiddlewareFactory(
                Map.of("f", function), Map.of(), new Metrics(new CollectorRegistry()), known, leases);
        factory.take(new MiddlewareConfig("m", kind));
        RouteConfig route = new RouteConfig(
                "r", TestProxy.path("/"), List.of("m"), new RouteAction.Respond(200, Map.of(), "answer"));
        assertThat(factory.of(route)).isNotNull();
    }
}
