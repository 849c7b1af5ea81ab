package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gojinn.proxy.RawClient.Response;
import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.address.ClientField;
import io.gojinn.proxy.address.ProxyTrust;
import io.gojinn.proxy.middleware.AddressRules;
import io.gojinn.proxy.middleware.FieldChanges;
import io.gojinn.proxy.middleware.HeaderRules;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.middleware.Template;
import io.gojinn.proxy.route.RouteAction;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What operators put in the way of routes. */
class PolicyTest {
    private static final RouteAction HI = new RouteAction.Respond(200, Map.of("Server", "s", "X-Kept", "k"), "hi");

    private static AddressRange range(String address, int prefixBits) {
        return new AddressRange(InetAddress.ofLiteral(address), prefixBits);
    }

    private static FieldChanges changes(Map<String, String> set, Map<String, String> add, String... remove) {
        return new FieldChanges(templates(set), templates(add), List.of(remove));
    }

    private static Map<String, Template> templates(Map<String, String> values) {
        Map<String, Template> templates = new LinkedHashMap<>();
        values.forEach((name, value) -> templates.put(name, Template.parse(value)));
        return templates;
    }

    private static MiddlewareKind request(FieldChanges changes) {
        return new HeaderRules(changes, FieldChanges.NONE);
    }

    /** Loopback is a trusted proxy here, so that a test can be any client. */
    @ParameterizedTest
    @CsvSource({
        "10.1.2.3, 200",
        "10.9.0.1, 403",
        "11.0.0.1, 403",
        "::ffff:10.1.2.3, 200",
        "2001:db8::7, 200",
        "2001:db9::7, 403"
    })
    void letsClientsPassByTheirAddress(String client, int status) {
        MiddlewareKind access = new AddressRules(
                List.of(range("10.0.0.0", 8), range("2001:db8::", 32)), List.of(range("10.9.0.0", 16)));
        try (TestProxy proxy = TestProxy.with()
                        .trust(new ProxyTrust(
                                List.of(range("127.0.0.0", 8), range("::1", 128)), ClientField.X_FORWARDED_FOR, false))
                        .middleware("access", access)
                        .route("/", List.of("access"), HI)
                        .start();
                RawClient asking = proxy.connect()) {
            Response response = asking.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + client + "\r\n\r\n")
                    .read();
            assertThat(response.status()).isEqualTo(status);
            assertThat(response.header("x-gojinn-error")).isEqualTo(status == 200 ? null : "address");
            assertThat(proxy.metric("gojinn_denied_requests_total", "reason", "address"))
                    .isEqualTo(status == 200 ? 0 : 1);
        }
    }

    /** What a client says of itself counts for nothing where no proxy is trusted. */
    @Test
    void knowsClientsByTheirConnection() {
        try (TestProxy proxy = TestProxy.with()
                        .middleware(
                                "access",
                                new AddressRules(List.of(), List.of(range("127.0.0.0", 8), range("::1", 128))))
                        .route("/", List.of("access"), HI)
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n")
                            .read()
                            .status())
                    .isEqualTo(403);
        }
    }

    @Test
    void changesFieldsOfRequests() {
        FieldChanges changes = changes(
                Map.of(
                        "X-Set",
                        "{client} {method} {host} {scheme} {{{path}}} {query} {route}",
                        "X-Kept",
                        "{header.x-kept}!"),
                Map.of("X-Added", "more"),
                "X-Removed");
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .middleware("fields", request(changes))
                        .route("/a/*", List.of("fields"), new RouteAction.Forward("app"))
                        .upstream(upstream.config())
                        .start();
                RawClient client = proxy.connect()) {
            String seen = client.send("""
                            GET /a/b?c=d HTTP/1.1
                            Host: h.example
                            X-Removed: 1
                            X-Added: one
                            x-kept: kept
                            X_Set: forged
                            X-Set: forged

                            """.replace("\n", "\r\n")).read().body();
            assertThat(seen.lines())
                    .contains(
                            "X-Set: 127.0.0.1 GET h.example http {/a/b} c=d /a/*",
                            "X-Added: one",
                            "X-Added: more",
                            "X-Kept: kept!");
            assertThat(seen).doesNotContain("forged").doesNotContainIgnoringCase("X-Removed");
        }
    }

    /** A capture is decoded: what it holds must not begin a field. */
    @Test
    void encodesWhatAFieldCannotCarry() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .middleware("fields", request(changes(Map.of("X-Name", "<{param.name}>"), Map.of())))
                        .route("/{name}", List.of("fields"), new RouteAction.Forward("app"))
                        .upstream(upstream.config())
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/b%20%C3%A9%e2%80%a8c").read().body().lines())
                    .contains("X-Name: <b %C3%A9%E2%80%A8c>");
        }
        // What would end a line is refused before.
        try (TestProxy proxy = TestProxy.with().respond("/{name}", "hi").start();
                RawClient client = proxy.connect()) {
            assertThat(client.get("/a%0d%0aEvil:%201").read().status()).isEqualTo(400);
        }
    }

    @Test
    void changesFieldsOfResponsesAndOfItsOwnAnswers() {
        MiddlewareKind fields = new HeaderRules(
                FieldChanges.NONE,
                changes(Map.of("Strict-Transport-Security", "max-age=63072000"), Map.of("Vary", "X"), "Server"));
        try (RawUpstream upstream = new RawUpstream(peer -> {});
                TestProxy proxy = TestProxy.with()
                        .middleware("fields", fields)
                        .route("/", List.of("fields"), HI)
                        .route("/gone", List.of("fields"), new RouteAction.Forward("app"))
                        .upstream(upstream.config())
                        .start();
                RawClient client = proxy.connect()) {
            Response response = client.get("/").read();
            assertThat(response.header("server")).isNull();
            assertThat(response.header("x-kept")).isEqualTo("k");
            assertThat(response.header("vary")).isEqualTo("X");
            assertThat(response.header("strict-transport-security")).isEqualTo("max-age=63072000");
            Response failure = client.get("/gone").read();
            assertThat(failure.status()).isEqualTo(502);
            assertThat(failure.header("strict-transport-security")).isEqualTo("max-age=63072000");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"plain", "{client}{host}", "{{literal}}", "a {param.x-y} {header.User-Agent} {trace_id}", "''"})
    void templatesAreWrittenAsTheyWereRead(String text) {
        assertThat(Template.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"{", "}", "{}", "a}b", "{unknown}", "{param}", "{header.}", "{client.x}", "{{}"})
    void templatesThatMeanNothingAreRefused(String text) {
        assertThatThrownBy(() -> Template.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("{client}");
    }
}
