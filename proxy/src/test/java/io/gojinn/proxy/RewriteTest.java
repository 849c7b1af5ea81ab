package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.middleware.AddressRules;
import io.gojinn.proxy.middleware.ErrorPageRules;
import io.gojinn.proxy.middleware.ErrorPageRules.Statuses;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.middleware.RedirectRules;
import io.gojinn.proxy.middleware.RewriteRules;
import io.gojinn.proxy.middleware.Template;
import io.gojinn.proxy.route.RouteAction;
import java.net.InetAddress;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the action is asked for, where clients are sent, and what errors look like. */
class RewriteTest {
    private static RewriteRules prefixes(@Nullable String strip, @Nullable String add) {
        return new RewriteRules(
                Optional.ofNullable(strip), Optional.ofNullable(add), Optional.empty(), Map.of(), List.of());
    }

    private static RewriteRules path(String path) {
        return new RewriteRules(
                Optional.empty(), Optional.empty(), Optional.of(Template.parse(path)), Map.of(), List.of());
    }

    private static Response rewritten(MiddlewareKind kind, String route, String target) {
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .middleware("rewrite", kind)
                        .route(route, List.of("rewrite"), new RouteAction.Forward("app"))
                        .upstream(app.config())
                        .start();
                RawClient client = proxy.connect()) {
            return client.get(target).read();
        }
    }

    private static String asked(Response response) {
        assertThat(response.status()).isEqualTo(200);
        String line = response.body().lines().findFirst().orElseThrow();
        return line.substring("GET ".length(), line.length() - " HTTP/1.1".length());
    }

    @ParameterizedTest
    @CsvSource({
        "/api,     ,     /api/a?b=c,  /a?b=c",
        "/api,     ,     /api,        /",
        "/api,     ,     /api/,       /",
        "/api,     ,     /apix/a,     /apix/a",
        "/api,     ,     /other,      /other",
        "/api,     ,     /api//a,     /a",
        "/api,     ,     /%61pi/a,    /a",
        "/api,     /v2,  /api/a,      /v2/a",
        "/api,     /v2,  /api,        /v2/",
        ",         /v2,  /a?b,        /v2/a?b",
        "/api,     ,     /api/a%2520, /a%2520",
    })
    void takesAndAddsPrefixesOfWholeSegments(String strip, String add, String target, String asked) {
        assertThat(asked(rewritten(prefixes(strip, add), "/*", target))).isEqualTo(asked);
    }

    @ParameterizedTest
    @CsvSource({
        "/items/{param.id}/x,    /a/7,          /items/7/x",
        "/items/{param.id},      /a/7?q=1,      /items/7?q=1",
        "/items/{param.id},      /a/%C3%A9,     /items/%C3%A9",
        "/items/{param.id},      /a/x%3Fy=z,    /items/x%3Fy%3Dz",
        "/items/{param.id},      /a/%23x,       /items/%23x",
        "/items/{param.id},      /a/a%20b,      /items/a%20b",
        "/{scheme}/{host}{path}, /a/7,          /http/test/a/7",
        "{path}/more,            /a/7,          /a/7/more",
        "/q/{query},             '/a/7?x=/../', /q/x%3D%2F..%2F",
    })
    void fillsPathsWithWhatStaysInItsPlace(String path, String target, String asked) {
        Response response = rewritten(path(path), "/a/{id}", target);
        if (asked.contains("%2F")) {
            // An encoded slash has no safe form.
            assertThat(response.status()).isEqualTo(400);
        } else {
            assertThat(asked(response)).isEqualTo(asked);
        }
    }

    @Test
    void refusesPathsThatWouldLeadElsewhere() {
        try (RawUpstream app = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .middleware("rewrite", path("/files/{header.X-File}/a"))
                        .route("/", List.of("rewrite"), new RouteAction.Forward("app"))
                        .upstream(app.config())
                        .start()) {
            for (String file : List.of("..", ".", "../../etc", "a/b", "a\\b", "..;x")) {
                try (RawClient client = proxy.connect()) {
                    Response response = client.send("GET / HTTP/1.1\r\nHost: a\r\nX-File: " + file + "\r\n\r\n")
                            .read();
                    assertThat(response.status()).as(file).isIn(400, 200);
                    if (response.status() == 200) {
                        assertThat(asked(response)).as(file).isEqualTo("/files/..%3Bx/a");
                    } else {
                        assertThat(response.header("x-gojinn-error")).isEqualTo("target");
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/?a=1&b=2,          /?b=2&c=t%26x%3D1",
        "/?%61=1&b,          /?b&c=t%26x%3D1",
        "/?a&a=1&&a=2,       /?c=t%26x%3D1",
        "/?c=0&%63=1&d=%zz,  /?d=%zz&c=t%26x%3D1",
        "/,                  /?c=t%26x%3D1",
        "/?A=1&aa=2,         /?A=1&aa=2&c=t%26x%3D1",
    })
    void setsAndRemovesParameters(String target, String asked) {
        Map<String, Template> set = new LinkedHashMap<>();
        set.put("c", Template.parse("{param.t}t&x=1"));
        RewriteRules rules = new RewriteRules(Optional.empty(), Optional.empty(), Optional.empty(), set, List.of("a"));
        assertThat(asked(rewritten(rules, "/", target))).isEqualTo(asked);
    }

    // Redirects.

    private static Response redirected(RedirectRules rules, String request) {
        try (TestProxy proxy = TestProxy.with()
                        .middleware("move", rules)
                        .route("/*", List.of("move"), new RouteAction.Respond(200, Map.of(), "here"))
                        .start();
                RawClient client = proxy.connect()) {
            return client.send(request).read();
        }
    }

    private static String get(String target, String host) {
        return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    }

    private static RedirectRules to(
            @Nullable String scheme, @Nullable String host, @Nullable Integer port, @Nullable String path) {
        return new RedirectRules(
                308,
                Optional.ofNullable(scheme),
                Optional.ofNullable(host),
                Optional.ofNullable(port),
                Optional.ofNullable(path).map(Template::parse));
    }

    @ParameterizedTest
    @CsvSource({
        "https, ,           ,     ,        /a?b=c,  shop.example,      https://shop.example/a?b=c",
        "https, ,           ,     ,        /,       Shop.Example:8080, https://shop.example/",
        "https, ,           8443, ,        /,       shop.example:8080, https://shop.example:8443/",
        "https, ,           443,  ,        /,       shop.example,      https://shop.example/",
        "https, ,           ,     ,        /,       [::1]:8080,        https://[::1]/",
        ",      www.a.b,    ,     ,        /x,      a.b,               http://www.a.b/x",
        ",      www.a.b,    ,     ,        /x,      WWW.a.b,           ",
        ",      www.a.b,    ,     ,        /x,      www.a.b:80,        ",
        "http,  ,           ,     ,        /x,      a.b:8080,          http://a.b/x",
        ",      ,           ,     /new,    /x?y,    a.b:8080,          http://a.b:8080/new?y",
        ",      ,           ,     '{path}', //e.vil, a.b,              http://a.b/e.vil",
        ",      ,           ,     /{header.host}, /, a.b,              http://a.b/a.b",
    })
    void sendsClientsElsewhere(
            String scheme, String host, Integer port, String path, String target, String asked, String location) {
        Response response = redirected(to(scheme, host, port, path), get(target, asked));
        if (location == null) {
            assertThat(response.body()).isEqualTo("here");
        } else {
            assertThat(response.status()).isEqualTo(308);
            assertThat(response.header("location")).isEqualTo(location);
        }
    }

    /** Whatever a target holds, the location leads to the host of the config or of the request. */
    @ParameterizedTest
    @CsvSource({
        "//evil.example/",
        "/%2F/evil.example",
        "/\\evil.example",
        "/@evil.example",
        "/.evil.example",
        "/?//evil.example",
        "/;@evil.example",
        "/https://evil.example",
        "/a?next=https://evil.example#x"
    })
    void isNeverAnOpenRedirect(String target) {
        for (RedirectRules rules : List.of(
                to("https", "shop.example", null, null),
                to("https", "shop.example", null, "{path}"),
                to("https", "shop.example", null, "/{query}"),
                to("https", "shop.example", null, "/go{path}"))) {
            Response response = redirected(rules, get(target, "evil.example"));
            assertThat(response.status()).isIn(308, 400);
            if (response.status() == 308) {
                assertThat(URI.create(String.valueOf(response.header("location")))
                                .getHost())
                        .isEqualTo("shop.example");
            }
        }
    }

    @Test
    void redirectsNobodyWhoNamesNoHost() {
        assertThat(redirected(to("https", null, null, null), "GET / HTTP/1.0\r\n\r\n")
                        .status())
                .isEqualTo(400);
    }

    // Pages of errors.

    private static ErrorPageRules pages(boolean responses) {
        Map<Statuses, String> pages = new LinkedHashMap<>();
        pages.put(new Statuses(400, 499), "client");
        pages.put(new Statuses(404, 404), "<h1>not found</h1>");
        pages.put(new Statuses(500, 599), "server");
        return new ErrorPageRules(pages, "text/html; charset=utf-8", responses);
    }

    @Test
    void showsPagesInThePlaceOfItsOwnAnswers() {
        AddressRules nobody =
                new AddressRules(List.of(), List.of(new AddressRange(InetAddress.ofLiteral("127.0.0.0"), 8)));
        try (RawUpstream gone = new RawUpstream(peer -> {});
                TestProxy proxy = TestProxy.with()
                        .middleware("pages", pages(false))
                        .middleware("nobody", nobody)
                        .route("/gone", List.of("pages"), new RouteAction.Forward("app"))
                        .route("/denied", List.of("pages", "nobody"), new RouteAction.Forward("app"))
                        .route(
                                "/own",
                                List.of("pages"),
                                new RouteAction.Respond(404, Map.of("Content-Type", "text/plain"), "own"))
                        .upstream(gone.config())
                        .start();
                RawClient client = proxy.connect()) {
            Response failed = client.get("/gone").read();
            assertThat(failed.status()).isEqualTo(502);
            assertThat(failed.body()).isEqualTo("server");
            assertThat(failed.header("content-type")).isEqualTo("text/html; charset=utf-8");
            assertThat(failed.header("x-gojinn-error")).startsWith("upstream_");
            Response denied = client.get("/denied").read();
            assertThat(denied.status()).isEqualTo(403);
            assertThat(denied.body()).isEqualTo("client");
            assertThat(client.get("/own").read().body()).isEqualTo("own");
            Response head =
                    client.send("HEAD /gone HTTP/1.1\r\nHost: a\r\n\r\n").read(true);
            assertThat(head.status()).isEqualTo(502);
            assertThat(head.header("content-length")).isEqualTo("6");
        }
    }

    @Test
    void showsPagesInThePlaceOfResponsesWhenTold() {
        String missing = """
                HTTP/1.1 404 Not Found
                Content-Type: text/plain
                Content-Encoding: gzip
                ETag: "a"
                X-Kept: k
                Content-Length: 7

                missing""".replace("\n", "\r\n");
        try (RawUpstream app = RawUpstream.answering(missing);
                TestProxy proxy = TestProxy.with()
                        .middleware("pages", pages(true))
                        .route("/*", List.of("pages"), new RouteAction.Forward("app"))
                        .upstream(app.config())
                        .start();
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 3; i++) {
                Response response = client.get("/").read();
                assertThat(response.status()).isEqualTo(404);
                assertThat(response.body()).isEqualTo("<h1>not found</h1>");
                assertThat(response.header("content-type")).isEqualTo("text/html; charset=utf-8");
                assertThat(response.header("x-kept")).isEqualTo("k");
                assertThat(response.header("content-encoding")).isNull();
                assertThat(response.header("etag")).isNull();
            }
        }
    }
}
