package io.gojinn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.ProxyConfig;
import io.gojinn.proxy.route.MirrorConfig;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteConfig;
import io.gojinn.proxy.route.RouteMatch;
import io.gojinn.proxy.upstream.DnsConfig;
import io.gojinn.proxy.upstream.SplitConfig;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RoutesReportTest {
    @Test
    void showsMiddlewareInTheOrderInWhichRequestsPass() {
        RoutesReport report = new RoutesReport(new ProxyConfig(
                1,
                Duration.ZERO,
                List.of(),
                List.of(),
                List.of(new RouteConfig(
                        "shop",
                        RouteMatch.ofPath("/shop/*"),
                        List.of("auth", "stamp"),
                        new RouteAction.Forward("app"))),
                Optional.empty()));
        assertThat(report.routes()).containsExactly("   1  shop  path /shop/*  ->  auth  ->  stamp  ->  upstream app");
        assertThat(report.routesAsData().getFirst()).containsEntry("middleware", List.of("auth", "stamp"));
    }

    @Test
    void showsWhoSharesRequestsAndWhoGetsCopies() {
        RoutesReport report = new RoutesReport(new ProxyConfig(
                1,
                Duration.ZERO,
                List.of(),
                List.of(),
                List.of(new SplitConfig(
                        "shop",
                        List.of(new SplitConfig.Share("stable", 95), new SplitConfig.Share("canary", 5)),
                        Optional.empty(),
                        Optional.empty())),
                List.of(),
                List.of(new RouteConfig(
                        "all",
                        RouteMatch.ANY,
                        List.of(),
                        new RouteAction.Forward("shop"),
                        Optional.of(MirrorConfig.to("next")))),
                Optional.empty(),
                DnsConfig.defaults(),
                Optional.empty(),
                Optional.empty()));
        assertThat(report.routes())
                .containsExactly(
                        "   1  all  every request  ->  split shop (stable 95, canary 5)  (copies to upstream next)");
    }
}
