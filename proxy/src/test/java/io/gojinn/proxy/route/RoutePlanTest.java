package io.gojinn.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RoutePlanTest {
    private static final int ROUNDS = 2_000;
    private static final int REQUESTS = 25;

    private final Random random = new Random(7);

    @Test
    void theRouterTakesTheFirstRouteOfThePlan() {
        for (int round = 0; round < ROUNDS; round++) {
            List<RouteConfig> routes = routes();
            RoutePlan plan = new RoutePlan(routes);
            Router<String> router = new Router<>(routes.stream()
                    .map(route -> new Router.Entry<>(route.match(), route.name()))
                    .toList());
            for (int i = 0; i < REQUESTS; i++) {
                RouteRequest request = request();
                Optional<String> planned = plan.verdicts(request).stream()
                        .filter(verdict -> verdict.unmet().isEmpty())
                        .map(verdict -> verdict.route().name())
                        .findFirst();
                Optional<String> found = router.match(request) instanceof Matched.Found<String> taken
                        ? Optional.of(taken.route())
                        : Optional.empty();
                assertThat(found).as("%s of %s", request, routes).isEqualTo(planned);
            }
        }
    }

    @Test
    void aShadowedRouteTakesNoRequest() {
        int shadowedRoutes = 0;
        for (int round = 0; round < ROUNDS; round++) {
            List<RouteConfig> routes = routes();
            Map<RouteConfig, RouteConfig> shadowed = RoutePlan.shadowed(routes);
            shadowedRoutes += shadowed.size();
            RoutePlan plan = new RoutePlan(routes);
            for (int i = 0; i < REQUESTS; i++) {
                RouteRequest request = request();
                plan.verdicts(request).stream()
                        .filter(verdict -> verdict.unmet().isEmpty())
                        .findFirst()
                        .ifPresent(taken -> assertThat(shadowed)
                                .as("%s of %s", request, routes)
                                .doesNotContainKey(taken.route()));
            }
        }
        assertThat(shadowedRoutes).isGreaterThan(5);
    }

    @Test
    void tellsEveryPartThatARequestDoesNotMeet() {
        RouteMatch match = new RouteMatch(
                List.of("other"),
                Optional.of("*.b"),
                Optional.of("/x/{y}"),
                Set.of("PUT"),
                Map.of("X-A", "1"),
                Map.of("q", "1"));
        RoutePlan plan = new RoutePlan(List.of(new RouteConfig("r", match, new RouteAction.Forward("u"))));
        RouteRequest none = new RouteRequest("web", "b", "/x", "q=2", "GET", new DefaultHttpHeaders());
        assertThat(plan.verdicts(none).getFirst().unmet()).containsExactlyInAnyOrder(RoutePlan.Part.values());
        RouteRequest all =
                new RouteRequest("other", "a.b", "/x/1", "a&q=%31", "PUT", new DefaultHttpHeaders().add("x-a", "1"));
        assertThat(plan.verdicts(all).getFirst().unmet()).isEmpty();
    }

    @Test
    void looksForParametersAsFormsEncodeThem() {
        assertThat(QueryParameter.isIn("a=1&b=2", "b", "2")).isTrue();
        assertThat(QueryParameter.isIn("a=1&a=2", "a", "2")).isTrue();
        assertThat(QueryParameter.isIn("a=%31+x%2By", "a", "1 x+y")).isTrue();
        assertThat(QueryParameter.isIn("flag", "flag", "")).isTrue();
        assertThat(QueryParameter.isIn("flag=", "flag", "")).isTrue();
        assertThat(QueryParameter.isIn("a=%3", "a", "%3")).isTrue();
        assertThat(QueryParameter.isIn("a=b=c", "a", "b=c")).isTrue();
        assertThat(QueryParameter.isIn("aa=1&b=1x&=1", "a", "1")).isFalse();
        assertThat(QueryParameter.isIn("", "a", "")).isFalse();
        assertThat(QueryParameter.isIn("A=1", "a", "1")).isFalse();
    }

    private List<RouteConfig> routes() {
        List<RouteConfig> routes = new ArrayList<>();
        for (int i = random.nextInt(1, 8); i > 0; i--) {
            RouteMatch match = new RouteMatch(
                    one("", "", "l", "m").map(List::of).orElse(List.of()),
                    one("", "a.b.c", "*.b.c", "*.c", "d"),
                    one(
                            "",
                            "/*",
                            "/",
                            "/x",
                            "/x/*",
                            "/{p}",
                            "/{p}/y",
                            "/x/{q}",
                            "/{p}/{q}",
                            "/x/y",
                            "/x/y/*",
                            "/{p}/y/*"),
                    methods(),
                    one("", "1", "2").map(value -> Map.of("X-A", value)).orElse(Map.of()),
                    one("", "", "1").map(value -> Map.of("q", value)).orElse(Map.of()));
            routes.add(new RouteConfig("r" + routes.size(), match, new RouteAction.Forward("u")));
        }
        return routes;
    }

    private RouteRequest request() {
        HttpHeaders headers = new DefaultHttpHeaders();
        one("", "1", "2").ifPresent(value -> headers.add("x-a", value));
        return new RouteRequest(
                one("l", "m").orElseThrow(),
                one("a.b.c", "b.c", "z.b.c", "c", "d", "e").orElseThrow(),
                one("/", "/x", "/x/", "/x/y", "/z/y", "/x/z", "/x/y/z", "/z", "/z/y/x/w", "/x/y/")
                        .orElseThrow(),
                one("", "q=1", "q=2").orElse(""),
                one("GET", "PUT", "POST").orElseThrow(),
                headers);
    }

    private Set<String> methods() {
        Set<String> methods = new HashSet<>();
        one("", "", "GET").ifPresent(methods::add);
        one("", "", "PUT").ifPresent(methods::add);
        return methods;
    }

    /** One of these, none for the empty one. */
    private Optional<String> one(String... values) {
        return Optional.of(values[random.nextInt(values.length)]).filter(value -> !value.isEmpty());
    }
}
