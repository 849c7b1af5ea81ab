package io.gojinn.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.middleware.CertificateRules;
import io.gojinn.proxy.middleware.CorsRules;
import io.gojinn.proxy.middleware.CorsRules.Below;
import io.gojinn.proxy.middleware.CorsRules.Origins;
import io.gojinn.proxy.middleware.ErrorPageRules;
import io.gojinn.proxy.middleware.ErrorPageRules.Statuses;
import io.gojinn.proxy.middleware.ForwardAuthRules;
import io.gojinn.proxy.middleware.JwtRules;
import io.gojinn.proxy.middleware.JwtRules.Algorithm;
import io.gojinn.proxy.middleware.JwtRules.Keys;
import io.gojinn.proxy.middleware.MiddlewareConfig;
import io.gojinn.proxy.middleware.MiddlewareKind;
import io.gojinn.proxy.middleware.PasswordRules;
import io.gojinn.proxy.middleware.RedirectRules;
import io.gojinn.proxy.middleware.RewriteRules;
import io.gojinn.proxy.middleware.Secret;
import io.gojinn.proxy.middleware.Template;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How access and rewriting are written in the config. */
class AccessConfigTest {
    private static final String HASH = "$2y$10$" + "a".repeat(53);
    private static final String KEY =
            "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
    private static final String FILE = """
            [[listener]]
            name = "web"
            address = ":0"
            [listener.tls]
            certificates = [{ certificate = "c.pem", key = "c.pem" }]
            client_certificates = "request"
            client_authorities = ["c.pem"]
            [[upstream]]
            name = "login"
            targets = ["http://127.0.0.1:9"]
            """;

    @TempDir
    private Path folder;

    private ConfigFixture fixture;

    @BeforeEach
    void fixture() throws IOException {
        Files.writeString(folder.resolve("c.pem"), "");
        Files.writeString(folder.resolve("users"), "ada:" + HASH + "\nbob:" + HASH + "\n");
        fixture = new ConfigFixture(folder);
    }

    private MiddlewareKind read(String lines) {
        List<MiddlewareConfig> all = fixture.accepted(FILE + "[[middleware]]\nname = \"m\"\n" + lines)
                .proxy()
                .middleware();
        assertThat(all).hasSize(1);
        return all.getFirst().kind();
    }

    @Test
    void readsTokens() {
        assertThat(read("""
                        [middleware.jwt]
                        algorithms = ["RS256", "EdDSA"]
                        jwks = { upstream = "login", path = "/keys?x=1", host = "login.example", refresh = "1m" }
                        issuer = "https://login.example"
                        audience = "shop"
                        leeway = "0s"
                        pass = { sub = "X-User" }
                        """))
                .isEqualTo(new JwtRules(
                        Set.of(Algorithm.RS256, Algorithm.EDDSA),
                        new Keys.Fetched(
                                "login",
                                "/keys?x=1",
                                Optional.of("login.example"),
                                Duration.ofMinutes(1),
                                Duration.ofHours(24),
                                Duration.ofSeconds(10),
                                Duration.ofSeconds(5)),
                        Optional.of("https://login.example"),
                        List.of("shop"),
                        Duration.ZERO,
                        Map.of("sub", "X-User")));
        assertThat(read("jwt = { algorithms = [\"EdDSA\"], keys = '{\"keys\":[" + KEY + "]}' }"))
                .isEqualTo(new JwtRules(
                        Set.of(Algorithm.EDDSA),
                        new Keys.Given(new Secret("{\"keys\":[" + KEY + "]}")),
                        Optional.empty(),
                        List.of(),
                        Duration.ofSeconds(30),
                        Map.of()));
    }

    @Test
    void readsTheOthers() {
        assertThat(read("basic_auth = { users = { eve = '" + HASH + "' }, htpasswd = \"${file:users}\" }"))
                .isEqualTo(new PasswordRules(
                        "restricted",
                        Map.of("ada", new Secret(HASH), "bob", new Secret(HASH), "eve", new Secret(HASH)),
                        Optional.empty()));
        assertThat(read("forward_auth = { upstream = \"login\", response_headers = [\"X-User\"] }"))
                .isEqualTo(new ForwardAuthRules(
                        "login", "/", List.of("Authorization", "Cookie"), List.of("X-User"), Duration.ofSeconds(1)));
        assertThat(read("cors = { origins = [\"https://a.b\", \"https://*.b.c:8443\"], credentials = true }"))
                .isEqualTo(new CorsRules(
                        new Origins(false, Set.of("https://a.b"), List.of(new Below("https://", ".b.c:8443"))),
                        Set.of("GET", "HEAD", "POST"),
                        List.of(),
                        List.of(),
                        true,
                        Duration.ofMinutes(10)));
        assertThat(read("client_certificate = { subjects = [\"CN=a, O=b\"], names = [\"DNS:A.b\"], fingerprints = [\""
                        + "AA:".repeat(31) + "AA\"] }"))
                .isEqualTo(new CertificateRules(
                        Set.of(new X500Principal("CN=a,O=b")), Set.of("DNS:a.b"), Set.of("aa".repeat(32))));
        assertThat(read("rewrite = { strip_prefix = \"/api\", add_prefix = \"/v2\", set_query = { a = \"{client}\" },"
                        + " remove_query = [\"b\"] }"))
                .isEqualTo(new RewriteRules(
                        Optional.of("/api"),
                        Optional.of("/v2"),
                        Optional.empty(),
                        Map.of("a", Template.parse("{client}")),
                        List.of("b")));
        assertThat(read("redirect = { scheme = \"https\", status = 301, path = \"{path}/{param.x}\" }"))
                .isEqualTo(new RedirectRules(
                        301,
                        Optional.of("https"),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(Template.parse("{path}/{param.x}"))));
        assertThat(read("error_pages = { pages = { 404 = \"none\", \"500-599\" = \"bad\" } }"))
                .isEqualTo(new ErrorPageRules(
                        Map.of(new Statuses(404, 404), "none", new Statuses(500, 599), "bad"),
                        "text/html; charset=utf-8",
                        false));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                jwt = { algorithms = ["none"], secret = "S" }                           | "RS256" or "ES256" or "EdDSA" or "HS256"
                jwt = { algorithms = ["HS256"], secret = "short" }                      | at least 32 bytes
                jwt = { algorithms = [], secret = "S" }                                 | at least one algorithm
                jwt = { algorithms = ["RS256", "HS256"], secret = "S" }                 | more than HS256 with a secret
                jwt = { algorithms = ["HS256"], jwks = { upstream = "login" } }         | HS256 with keys that anybody may fetch
                jwt = { algorithms = ["RS256"], jwks = { upstream = "logn" } }          | did you mean "login"?
                jwt = { algorithms = ["RS256"] }                                        | no keys
                jwt = { algorithms = ["HS256"], secret = "S", keys = '{"keys":[K]}' }   | keys and secret
                jwt = { algorithms = ["EdDSA"], keys = '{"keys":[]}' }                  | no key for RS256
                jwt = { algorithms = ["EdDSA"], keys = '[]' }                           | an array "keys"
                jwt = { algorithms = ["HS256"], secret = "S", pass = { sub = "Host" } } | not the proxy's own
                jwt = { algorithms = ["HS256"], secret = "S", pass = { a = "X-A", b = "x-a" } } | twice
                basic_auth = {}                                                         | found nobody
                basic_auth = { users = { a = "$2y$04$" } }                              | found a secret that is not shown, expected a bcrypt hash
                basic_auth = { users = "H" }                                            | found a secret that is not shown, expected a table
                basic_auth = { users = { "a:b" = "H" } }                                | without colon
                basic_auth = { htpasswd = "ada" }                                       | without colon
                basic_auth = { users = { a = "H" }, realm = 'a"b' }                     | without quotes
                forward_auth = { upstream = "x" }                                       | the name of an upstream
                forward_auth = { upstream = "login", response_headers = ["cookie"] }    | one of request_headers too
                forward_auth = { upstream = "login", path = "login" }                   | starts with /
                cors = { origins = ["https://shop.example/"] }                          | without a path
                cors = { origins = ["https://Shop.example"] }                           | in lower case
                cors = { origins = ["https://a.b:443"] }                                | without the port
                cors = { origins = ["null"] }                                           | an origin
                cors = { origins = ["*"], credentials = true }                          | credentials beside "*"
                cors = {}                                                               | an array of origins
                client_certificate = {}                                                 | found nobody
                client_certificate = { names = ["DNS:*.a"] }                            | without wildcards
                client_certificate = { subjects = ["build"] }                           | a distinguished name
                client_certificate = { fingerprints = ["aa"] }                          | 64 hex digits
                rewrite = {}                                                            | nothing to change
                rewrite = { path = "/a", strip_prefix = "/b" }                          | path beside a prefix
                rewrite = { path = "/a/../b" }                                          | a path that starts with /
                rewrite = { path = "{host}" }                                           | a path that starts with /
                rewrite = { path = "/a?b" }                                             | a path that starts with /
                rewrite = { strip_prefix = "/a/" }                                      | does not end with it
                redirect = { status = 301 }                                             | nowhere else
                redirect = { host = "a.b:80" }                                          | without port
                redirect = { scheme = "ftp" }                                           | "http" or "https"
                redirect = { path = "//evil.example" }                                  | a path that starts with /
                error_pages = { pages = {} }                                            | no pages
                error_pages = { pages = { 200 = "a" } }                                 | a status of an error
                error_pages = { pages = { "599-500" = "a" } }                           | a status of an error
                """)
    void refusesWhatCannotBeMeant(String line, String problem) {
        String written = line.replace("\"S\"", "\"" + "s".repeat(32) + "\"")
                .replace("[K]", "[" + KEY + "]")
                .replace("\"H\"", "'" + HASH + "'");
        assertThat(fixture.problems(FILE + "[[middleware]]\nname = \"m\"\n" + written))
                .singleElement()
                .asString()
                .contains("middleware[0]")
                .contains(problem)
                .doesNotContain("s".repeat(32))
                .doesNotContain(HASH);
    }

    @Test
    void asksForAListenerThatKnowsCertificates() {
        assertThat(fixture.problems("""
                        [[listener]]
                        name = "web"
                        address = ":0"
                        [[middleware]]
                        name = "m"
                        client_certificate.subjects = ["CN=a"]
                        """)).singleElement().asString().contains("no listener with client_certificates");
    }
}
