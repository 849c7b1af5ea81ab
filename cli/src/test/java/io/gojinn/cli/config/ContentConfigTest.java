package io.gojinn.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.ProxyConfig;
import io.gojinn.proxy.middleware.Coding;
import io.gojinn.proxy.middleware.CompressionRules;
import io.gojinn.proxy.middleware.ConcurrencyRules;
import io.gojinn.proxy.middleware.LimitKey;
import io.gojinn.proxy.middleware.MiddlewareConfig;
import io.gojinn.proxy.middleware.RateRules;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Limits, compression and files as they are written. */
class ContentConfigTest {
    private static final String FILE = """
            [[listener]]
            name = "web"
            address = ":8080"
            """;

    @TempDir
    private Path folder;

    private ConfigFixture fixture;

    @BeforeEach
    void lay() throws IOException {
        fixture = new ConfigFixture(folder);
        Files.createDirectories(folder.resolve("public"));
    }

    @Test
    void readsLimits() {
        ProxyConfig config = fixture.accepted(FILE + """
                        [[middleware]]
                        name = "plain"
                        rate.requests = 100
                        [[middleware]]
                        name = "all"
                        rate = { requests = 60, per = "1m", burst = 5, by = "header:X-User", keys = 1_000 }
                        [[middleware]]
                        name = "few"
                        concurrency = { requests = 8, by = "api_key", keys = 10 }
                        [[middleware]]
                        name = "few-a-route"
                        concurrency = { requests = 8, by = "route" }
                        """).proxy();
        assertThat(config.middleware())
                .containsExactly(
                        new MiddlewareConfig(
                                "plain", new RateRules(100, Duration.ofSeconds(1), 100, new LimitKey.Client(), 65_536)),
                        new MiddlewareConfig(
                                "all",
                                new RateRules(60, Duration.ofMinutes(1), 5, new LimitKey.Header("X-User"), 1_000)),
                        new MiddlewareConfig("few", new ConcurrencyRules(8, new LimitKey.ApiKey(), 10)),
                        new MiddlewareConfig("few-a-route", new ConcurrencyRules(8, new LimitKey.Route(), 65_536)));
    }

    @Test
    void readsCompression() {
        ProxyConfig config = fixture.accepted(FILE + """
                        [[middleware]]
                        name = "plain"
                        compress = {}
                        [[middleware]]
                        name = "all"
                        compress = { codings = ["gzip", "br"], types = ["text/*", "*+json"], min_size = "2KiB", credentials = true, active = 3 }
                        """).proxy();
        assertThat(config.middleware())
                .containsExactly(
                        new MiddlewareConfig(
                                "plain",
                                new CompressionRules(
                                        List.of(Coding.ZSTD, Coding.BR, Coding.GZIP),
                                        CompressionRules.DEFAULT_TYPES,
                                        1_024,
                                        false,
                                        256)),
                        new MiddlewareConfig(
                                "all",
                                new CompressionRules(
                                        List.of(Coding.GZIP, Coding.BR), List.of("text/*", "*+json"), 2_048, true, 3)));
    }

    @Test
    void readsFiles() {
        ProxyConfig config = fixture.accepted(FILE + """
                        [[route]]
                        name = "plain"
                        match.path = "/a/*"
                        static.root = "public"
                        [[route]]
                        name = "all"
                        static = { root = "public", index = "", fallback = "app.html", precompressed = ["br"], symlinks = "inside" }
                        """).proxy();
        Path root = folder.resolve("public");
        assertThat(config.routes())
                .extracting(RouteConfig::action)
                .containsExactly(
                        new RouteAction.Files(root, "index.html", "", List.of(), false),
                        new RouteAction.Files(root, "", "app.html", List.of(Coding.BR), true));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                rate = {}                                           | found nothing
                rate = { requests = 0 }                             | an integer from 1 to 1000000
                rate = { requests = 1_000_001 }                     | an integer from 1 to 1000000
                rate = { requests = 5, burst = 6 }                  | at most requests, 5
                rate = { requests = 5, per = "10ms" }               | a duration of 1s to 24h
                rate = { requests = 5, by = "ip" }                  | "client"
                rate = { requests = 5, by = "header:" }             | the name of a header field
                rate = { requests = 5, by = "Client" }              | did you mean "client"?
                rate = { requests = 5, keys = 0 }                   | an integer from 1 to 4000000
                rate = { requests = 5, window = "1s" }              | an unknown key
                concurrency = { requests = "5" }                    | an integer from 1 to 1000000
                rate = { requests = 5 }; concurrency.requests = 5   | rate and concurrency
                compress = { codings = ["deflate"] }                | "zstd" or "br" or "gzip"
                compress = { codings = [] }                         | an empty array
                compress = { types = ["text"] }                     | a media type such as
                compress = { types = ["*"] }                        | a media type such as
                compress = { min_size = 10 }                        | a size of
                compress = { active = 0 }                           | an integer from 1 to 100000
                compress = { credentials = "yes" }                  | true or false
                """)
    void refusesMiddlewareThatCannotBeMeant(String lines, String problem) {
        assertThat(fixture.problems(FILE + "[[middleware]]\nname = \"m\"\n" + lines.replace(";", "\n")))
                .singleElement()
                .asString()
                .contains("middleware[0]")
                .contains(problem);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                static = {}                                             | found nothing
                static = { root = "none" }                              | a folder that exists
                static = { root = "greet.wasm" }                        | a folder that exists
                static = { root = "public", index = "a/b.html" }        | the name of a file without folders
                static = { root = "public", index = ".." }              | the name of a file without folders
                static = { root = "public", fallback = ".env" }         | the name of a file without folders
                static = { root = "public", precompressed = ["gz"] }    | "zstd" or "br" or "gzip"
                static = { root = "public", symlinks = "all" }          | "deny" or "inside"
                static = { root = "public" }; redirect.location = "/a"  | static and redirect
                """)
    void refusesFilesThatCannotBeMeant(String lines, String problem) {
        assertThat(fixture.problems(FILE + "[[route]]\nname = \"r\"\n" + lines.replace(";", "\n")))
                .singleElement()
                .asString()
                .contains("route[0]")
                .contains(problem);
    }
}
