package io.gojinn.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.ProxyConfig;
import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.middleware.AddressRules;
import io.gojinn.proxy.middleware.FieldChanges;
import io.gojinn.proxy.middleware.HeaderRules;
import io.gojinn.proxy.middleware.MiddlewareConfig;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.middleware.MiddlewareKind.Phase;
import io.gojinn.proxy.middleware.Template;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MiddlewareConfigTest {
    private static final String FILE = """
            [[listener]]
            name = "web"
            address = ":8080"
            [[function]]
            name = "greet"
            module = "greet.wasm"
            """;

    @TempDir
    private Path folder;

    private ConfigFixture fixture;

    @BeforeEach
    void lay() throws IOException {
        fixture = new ConfigFixture(folder);
    }

    @Test
    void readsMiddlewareAndItsOrder() {
        ProxyConfig config = fixture.accepted(FILE + """
                        [[middleware]]
                        name = "auth"
                        function = "greet"
                        owns = ["X-User"]
                        [[middleware]]
                        name = "stamp"
                        function = "greet"
                        phases = ["response", "request"]
                        body = "buffer"
                        [[route]]
                        name = "r"
                        middleware = ["stamp", "greet", "auth"]
                        respond = {}
                        """).proxy();
        assertThat(config.middleware())
                .containsExactly(
                        new MiddlewareConfig(
                                "auth",
                                new MiddlewareKind.Call("greet", Set.of(Phase.REQUEST), false, Set.of("X-User"))),
                        new MiddlewareConfig(
                                "stamp",
                                new MiddlewareKind.Call(
                                        "greet", Set.of(Phase.REQUEST, Phase.RESPONSE), true, Set.of())),
                        new MiddlewareConfig("greet", MiddlewareKind.Call.named("greet")));
        assertThat(config.routes().getFirst().middleware()).containsExactly("stamp", "greet", "auth");
    }

    @Test
    void readsHowLoadIsShed() {
        assertThat(fixture.accepted(FILE + """
                        [[middleware]]
                        name = "all"
                        shed = { tolerance = 1.5, initial = 20, least = 10, most = 30 }
                        [[middleware]]
                        name = "none"
                        shed = {}
                        """).proxy().middleware())
                .containsExactly(
                        new MiddlewareConfig("all", new MiddlewareKind.Shedding(1.5, 20, 10, 30)),
                        new MiddlewareConfig("none", new MiddlewareKind.Shedding(2, 100, 4, 10_000)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                name = "m"                                              | no kind
                name = "m"; function = "gret"                           | did you mean "greet"?
                name = "greet"; function = "greet"                      | the name of a function too
                name = "m"; function = "greet"; phases = []             | an empty array
                name = "m"; function = "greet"; phases = ["body"]       | "request" or "response"
                name = "m"; function = "greet"; body = "all"            | "none" or "buffer"
                name = "m"; function = "greet"; owns = ["a b"]          | found "a b"
                name = "m"; function = "greet"; owns = ["Host"]         | not the proxy's own
                name = "m"; function = "greet"; owns = ["x-real_ip"]    | not the proxy's own
                name = "m"; function = "greet"; owns = ["Connection"]   | does not frame the message
                name = "m"; function = "greet"; shed = {}               | exactly one of
                name = "m"; shed = { tolerance = 0.5 }                  | a number from 1.0 to 10.0
                name = "m"; shed = { least = 0 }                        | an integer from 1
                name = "m"; shed = { least = 101 }                      | least up to initial up to most
                name = "m"; shed = { most = 99 }                        | least up to initial up to most
                name = "m"; function = "greet"; phase = ["request"]     | did you mean "phases"?
                name = "m"; function = "greet"; addresses.deny = ["::1"] | function and addresses
                name = "m"; addresses = {}                              | found nobody
                name = "m"; addresses.allow = ["10.0.0.1/8"]            | found "10.0.0.1/8"
                name = "m"; addresses.deny = ["::1"]; owns = ["X-A"]    | owns without function
                name = "m"; headers.request.set = { Host = "a" }         | not the proxy's own
                name = "m"; headers.request.remove = ["x-forwarded-for"] | not the proxy's own
                name = "m"; headers.response.add = { Connection = "a" }  | does not frame the message
                name = "m"; headers.response.set = { A = "{clint}" }     | {client}
                name = "m"; headers.response.set = { A = "a { b" }       | {{ and }} for braces
                name = "m"; headers.response.set = { A = "1", a = "2" }  | twice
                """)
    void refusesMiddlewareThatCannotBeMeant(String lines, String problem) {
        assertThat(fixture.problems(FILE + "[[middleware]]\n" + lines.replace(";", "\n")))
                .singleElement()
                .asString()
                .contains("middleware[0]")
                .contains(problem);
    }

    @Test
    void readsAccessAndChangesOfFields() {
        ProxyConfig config = fixture.accepted(FILE + """
                        [[middleware]]
                        name = "office"
                        addresses = { allow = ["10.0.0.0/8"], deny = ["10.0.0.1"] }
                        [[middleware]]
                        name = "fields"
                        [middleware.headers]
                        request = { set = { A = "{client} {{x}}" }, add = { B = "{param.b}" }, remove = ["C"] }
                        response.remove = ["Server"]
                        """).proxy();
        assertThat(config.middleware())
                .containsExactly(
                        new MiddlewareConfig(
                                "office",
                                new AddressRules(List.of(range("10.0.0.0", 8)), List.of(range("10.0.0.1", 32)))),
                        new MiddlewareConfig(
                                "fields",
                                new HeaderRules(
                                        new FieldChanges(
                                                Map.of("A", Template.parse("{client} {{x}}")),
                                                Map.of("B", Template.parse("{param.b}")),
                                                List.of("C")),
                                        new FieldChanges(Map.of(), Map.of(), List.of("Server")))));
    }

    private static AddressRange range(String address, int prefixBits) {
        return new AddressRange(InetAddress.ofLiteral(address), prefixBits);
    }

    @Test
    void refusesWhatRoutesCannotName() {
        assertThat(fixture.problems(FILE + """
                        [[middleware]]
                        name = "auth"
                        function = "greet"
                        [[route]]
                        name = "r"
                        middleware = ["auth", "aut", "auth"]
                        respond = {}
                        """))
                .containsExactly(
                        "proxy.toml:12:23: route[0].middleware[1]: found \"aut\", expected the name of a middleware or a"
                                + " function; did you mean \"auth\"?",
                        "proxy.toml:12:30: route[0].middleware[2]: found \"auth\" twice, expected each middleware once");
    }
}
