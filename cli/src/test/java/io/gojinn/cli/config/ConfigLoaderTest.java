package io.gojinn.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.cli.config.LoadedConfig.Rejected;
import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.address.ClientField;
import io.gojinn.proxy.address.ProxyTrust;
import io.gojinn.proxy.http.Http2Limits;
import io.gojinn.proxy.listen.ListenerConfig;
import io.gojinn.proxy.listen.ListenerLimits;
import io.gojinn.proxy.listen.Protocol;
import io.gojinn.proxy.route.MirrorConfig;
import io.gojinn.proxy.route.RouteAction;
import io.gojinn.proxy.route.RouteMatch;
import io.gojinn.proxy.sticky.StickyPolicy;
import io.gojinn.proxy.upstream.BalancePolicy;
import io.gojinn.proxy.upstream.DnsConfig;
import io.gojinn.proxy.upstream.EjectionPolicy;
import io.gojinn.proxy.upstream.HealthPolicy;
import io.gojinn.proxy.upstream.HealthPolicy.StatusRange;
import io.gojinn.proxy.upstream.HostPolicy;
import io.gojinn.proxy.upstream.RetryPolicy;
import io.gojinn.proxy.upstream.SplitConfig;
import io.gojinn.proxy.upstream.TunnelConfig;
import io.gojinn.proxy.upstream.UpstreamConfig;
import io.gojinn.proxy.upstream.UpstreamConfig.Target;
import io.gojinn.proxy.upstream.UpstreamLimits;
import io.gojinn.proxy.upstream.UpstreamPolicy;
import io.gojinn.proxy.upstream.WireConfig;
import io.gojinn.runtime.FunctionDefinition;
import io.gojinn.runtime.FunctionLimits;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLoaderTest {
    private static final String LISTENER = """
            [[listener]]
            name = "web"
            address = ":8080"
            """;

    private static final String UPSTREAM = """
            [[upstream]]
            name = "app"
            targets = ["http://127.0.0.1:1"]
            """;

    @TempDir
    private Path folder;

    private ConfigFixture fixture;

    @BeforeEach
    void lay() throws IOException {
        fixture = new ConfigFixture(folder);
    }

    @Test
    void readsEveryKey() {
        GojinnConfig config = fixture.accepted(ConfigFixture.EVERYTHING);

        assertThat(config.functionThreads()).isEqualTo(3);
        assertThat(config.proxy().eventLoops()).isEqualTo(2);
        assertThat(config.proxy().shutdownGrace()).isEqualTo(Duration.ofSeconds(5));
        ListenerConfig web = config.proxy().listeners().getFirst();
        assertThat(web.address().getPort()).isEqualTo(8443);
        assertThat(web.tls().orElseThrow().certificates().getFirst().certificate())
                .isEqualTo(folder.resolve("site.pem"));
        assertThat(web.limits().connections()).isEqualTo(1_000);
        assertThat(web.limits().addressConnections()).isEqualTo(50);
        assertThat(web.limits().headerBytes()).isEqualTo(16 << 10);
        assertThat(web.limits().bodyRate()).isEqualTo(1_000);
        assertThat(web.protocols()).containsExactlyInAnyOrder(Protocol.HTTP_2, Protocol.HTTP_1_1);
        assertThat(web.http2()).isEqualTo(new Http2Limits(10, 2 << 20, 20, 30, 4 << 20));
        assertThat(web.tolerant()).isTrue();
        assertThat(web.trust())
                .isEqualTo(new ProxyTrust(
                        List.of(
                                new AddressRange(InetAddress.ofLiteral("10.0.0.0"), 8),
                                new AddressRange(InetAddress.ofLiteral("::1"), 128)),
                        ClientField.FORWARDED,
                        true));
        ListenerConfig plain = config.proxy().listeners().get(1);
        assertThat(plain.tls()).isEmpty();
        assertThat(plain.tolerant()).isFalse();
        assertThat(plain.trust()).isEqualTo(ProxyTrust.NOBODY);
        assertThat(plain.protocols()).containsExactly(Protocol.HTTP_1_1);
        assertThat(plain.http2()).isEqualTo(Http2Limits.defaults());
        assertThat(plain.address().getAddress().getHostAddress()).isEqualTo("0:0:0:0:0:0:0:1");
        assertThat(plain.limits())
                .isEqualTo(new ListenerLimits(10_000, 32 << 10, 50, Duration.ofMillis(500), Duration.ofMinutes(2)));
        assertThat(config.proxy().upstreams().getFirst().targets())
                .containsExactly(
                        new Target("127.0.0.1", 3000, false),
                        new Target("::1", 80, false),
                        new Target("app.internal", 81, false, 3),
                        Target.on(folder.resolve("run/app.sock")));
        assertThat(config.proxy().upstreams().getFirst().host()).isEqualTo(new HostPolicy.Fixed("app.internal:8080"));
        assertThat(config.proxy().upstreams().getFirst().idleConnections()).isEqualTo(7);
        assertThat(config.proxy().upstreams().getFirst().tunnels())
                .isEqualTo(new TunnelConfig(Set.of("websocket"), Duration.ofSeconds(2)));
        assertThat(config.proxy().admin().orElseThrow().metricsPath()).isEqualTo("/m");
        assertThat(config.proxy().admin().orElseThrow().address().getAddress().isLoopbackAddress())
                .isTrue();
    }

    @Test
    void decodesTheTlsOfAnUpstream() {
        UpstreamConfig upstream = fixture.accepted("""
                [[upstream]]
                name = "app"
                targets = ["https://app.internal", "HTTPS://10.0.0.1:8443/"]
                tls = { ca = "site.pem", server_name = "app.example", certificate = "site.pem", key = "site.key" }
                [[listener]]
                name = "web"
                address = ":1"
                """).proxy().upstreams().getFirst();
        assertThat(upstream.targets())
                .containsExactly(new Target("app.internal", 443, true), new Target("10.0.0.1", 8443, true));
        assertThat(upstream.wire().tls())
                .isEqualTo(new WireConfig.Tls(
                        List.of(folder.resolve("site.pem")),
                        Optional.of("app.example"),
                        Optional.of(new WireConfig.Identity(folder.resolve("site.pem"), folder.resolve("site.key"))),
                        false));
    }

    @Test
    void decodesTheProtocolOfAnUpstream() {
        WireConfig wire = fixture.accepted("""
                [[upstream]]
                name = "app"
                targets = ["http://127.0.0.1:3000"]
                protocol = "h2"
                http2 = { streams = 7, stream_window = "1MiB", control_frames = 8, ping_interval = "9s" }
                [[listener]]
                name = "web"
                address = ":1"
                """).proxy().upstreams().getFirst().wire();
        assertThat(wire.protocol()).isEqualTo(WireConfig.Protocol.H2);
        assertThat(wire.http2()).isEqualTo(new WireConfig.Http2(7, 1 << 20, 8, Optional.of(Duration.ofSeconds(9))));
        assertThat(fixture.problems("""
                [[upstream]]
                name = "app"
                targets = ["http://127.0.0.1:3000"]
                protocol = "h2c"
                [[listener]]
                name = "web"
                address = ":1"
                """))
                .singleElement()
                .asString()
                .contains("found \"h2c\", expected \"auto\", \"http/1.1\" or \"h2\"");
    }

    @Test
    void refusesTlsThatCannotBeMeant() {
        assertThat(fixture.problems("""
                [[upstream]]
                name = "plain"
                targets = ["http://127.0.0.1"]
                tls.ca = "site.pem"
                [[upstream]]
                name = "half"
                targets = ["https://127.0.0.1"]
                tls = { certificate = "site.pem" }
                [[upstream]]
                name = "both"
                targets = ["https://127.0.0.1"]
                tls = { ca = "site.pem", insecure_skip_verify = true, server_name = "a b" }
                [[listener]]
                name = "web"
                address = ":1"
                """))
                .anyMatch(problem -> problem.contains("upstream[0].tls: found tls without an https target"))
                .anyMatch(problem -> problem.contains("upstream[1].tls: found certificate without key"))
                .anyMatch(problem -> problem.contains("found insecure_skip_verify beside ca"))
                .anyMatch(problem -> problem.contains("upstream[2].tls.server_name: found \"a b\""))
                .hasSize(4);
    }

    @Test
    void readsHowNamesAreResolved() {
        assertThat(fixture.accepted(ConfigFixture.EVERYTHING).proxy().dns())
                .isEqualTo(new DnsConfig(
                        List.of(
                                new InetSocketAddress(InetAddress.ofLiteral("10.0.0.2"), 53),
                                new InetSocketAddress(InetAddress.ofLiteral("::1"), 5353)),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(4)));
        assertThat(fixture.accepted(LISTENER).proxy().dns()).isEqualTo(DnsConfig.defaults());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"servers = ['dns.example']", "servers = ['10.0.0.2:0']", "min_ttl = '10m'", "max_ttl = '1s'"})
    void refusesNameServices(String line) {
        assertThat(fixture.problems(LISTENER + "[dns]\n" + line)).hasSize(1);
    }

    @Test
    void readsEveryKeyOfAnUpstreamsPolicy() {
        assertThat(fixture.accepted(ConfigFixture.EVERYTHING)
                        .proxy()
                        .upstreams()
                        .getFirst()
                        .policy())
                .isEqualTo(new UpstreamPolicy(
                        new BalancePolicy.Hash(new BalancePolicy.HashSource.Cookie("id")),
                        Duration.ofSeconds(3),
                        Optional.of(Duration.ofMinutes(1)),
                        Duration.ofSeconds(20),
                        new UpstreamLimits(11, 5, 12, Duration.ofSeconds(4)),
                        new RetryPolicy(2, 1, 6, Duration.ofMillis(1), Set.of(503), 1 << 10),
                        new EjectionPolicy(8, 9, Duration.ofSeconds(2), Duration.ofSeconds(3), 0.25),
                        Optional.of(new HealthPolicy(
                                "/healthz?deep=1",
                                Optional.of("app.example"),
                                Duration.ofSeconds(2),
                                Duration.ofMillis(200),
                                4,
                                5,
                                List.of(new StatusRange(204, 204), new StatusRange(300, 399)))),
                        Optional.of(new StickyPolicy(
                                "target", Optional.of(Duration.ofHours(1)), Optional.of("a-secret-of-tests")))));
    }

    @Test
    void readsEveryKeyOfASplit() {
        assertThat(fixture.accepted(ConfigFixture.EVERYTHING).proxy().splits())
                .containsExactly(new SplitConfig(
                        "releases",
                        List.of(new SplitConfig.Share("app", 0), new SplitConfig.Share("next", 5)),
                        Optional.of(new BalancePolicy.HashSource.Header("X-User")),
                        Optional.of(new StickyPolicy("release", Optional.empty(), Optional.empty()))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "name = 'app'|upstreams = [{ name = 'app' }]||\"app\", the name of an upstream too",
                "name = 's'|upstreams = [{ name = 'ap' }]||did you mean \"app\"",
                "name = 's'|upstreams = [{ name = 'app' }, { name = 'app' }]||\"app\" twice",
                "name = 's'|upstreams = [{ name = 'app', weight = 0 }]||upstreams without any weight",
                "name = 's'|upstreams = []||upstreams without any weight",
                "name = 's'|upstreams = [{ name = 'app', weight = -1 }]||an integer from 0",
                "name = 's'|upstreams = [{ name = 'app' }]|by = 'hash:client'|\"header:NAME\"",
                "name = 's'|upstreams = [{ name = 'app' }]|sticky.cookie = 'a b'|cookie",
                "name = 's'|upstreams = [{ name = 'app' }]|sticky = { cookie = 'a', secret = 'short' }|too short",
            })
    void refusesSplits(String name, String upstreams, @Nullable String more, String problem) {
        String split = "[[split]]\n" + name + "\n" + upstreams + "\n" + (more == null ? "" : more) + "\n";
        assertThat(fixture.problems(LISTENER + UPSTREAM + split))
                .singleElement()
                .asString()
                .contains(problem);
    }

    @Test
    void leavesAnUpstreamsPolicyOutAtItsDefaults() {
        UpstreamConfig upstream =
                fixture.accepted(LISTENER + UPSTREAM).proxy().upstreams().getFirst();

        assertThat(upstream.policy()).isEqualTo(UpstreamPolicy.defaults());
    }

    @ParameterizedTest
    @CsvSource({
        "round_robin, RoundRobin[]",
        "least_requests, LeastRequests[]",
        "random_two, RandomTwo[]",
        "hash:client, Hash[source=Client[]]",
        "hash:header:X-User, Hash[source=Header[name=X-User]]",
    })
    void readsBalances(String written, String read) {
        assertThat(fixture.accepted(LISTENER + UPSTREAM + "balance = '" + written + "'")
                        .proxy()
                        .upstreams()
                        .getFirst()
                        .policy()
                        .balance())
                .hasToString(read);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "balance = 'least'",
                "balance = 'hash:header:'",
                "balance = 'hash:header:a b'",
                "balance = 'hash:body'",
                "retry = { budget = 1.5 }",
                "retry = { budget = '20%' }",
                "retry = { statuses = [500] }",
                "retry = { attempts = 0 }",
                "ejection = { max_share = nan }",
                "health = { interval = '1s' }",
                "health = { path = 'x' }",
                "health = { path = '/a b' }",
                "health = { path = '/', statuses = ['100'] }",
                "health = { path = '/', statuses = ['300-200'] }",
                "limits = { queue = -1 }",
            })
    void refusesPolicies(String line) {
        assertThat(fixture.problems(LISTENER + UPSTREAM + line)).hasSize(1);
    }

    @Test
    void saysWhatIsWrongWithATargetsTable() {
        assertThat(fixture.problems(LISTENER + """
                        [[upstream]]
                        name = "a"
                        targets = [{ url = "http://a", wieght = 2 }, { weight = 0, url = "a" }, { weight = 2 }]
                        balance = "least_request"
                        """))
                .containsExactly(
                        "proxy.toml:6:32: upstream[0].targets[0].wieght: found an unknown key,"
                                + " expected a key of [[upstream.targets]]; did you mean \"weight\"?",
                        "proxy.toml:6:48: upstream[0].targets[1].weight: found 0, expected an integer from 1 to 1000",
                        "proxy.toml:6:60: upstream[0].targets[1].url: found \"a\", expected "
                                + "a URL http://host:port or https://host:port, or unix:/path/to.sock",
                        "proxy.toml:6:73: upstream[0].targets[2].url: found nothing,"
                                + " expected a URL http://host:port or https://host:port, or unix:/path/to.sock",
                        "proxy.toml:7:1: upstream[0].balance: found \"least_request\", expected \"round_robin\","
                                + " \"least_requests\", \"random_two\", \"hash:header:NAME\", \"hash:cookie:NAME\" or"
                                + " \"hash:client\"; did you mean \"least_requests\"?");
    }

    @Test
    void refusesSocketsAndHostsThatAreNone() {
        String host = "\"client\", \"target\", or a host such as \"app.internal\" or \"app.internal:8080\"";
        assertThat(fixture.problems(LISTENER + """
                        [[upstream]]
                        name = "a"
                        targets = ["unix:greet.wasm", "unix:", "unix:///run/app.sock", "unix:/%s"]
                        host = "app.internal:0"
                        [[upstream]]
                        name = "b"
                        targets = ["unix:/run/app.sock"]
                        host = "a b"
                        """.formatted("x".repeat(107))).stream()
                        .map(problem ->
                                problem.substring(problem.indexOf("upstream")).replaceAll("/x+", "/x"))
                        .toList())
                .containsExactly(
                        "upstream[0].targets[0]: found \"unix:greet.wasm\", expected the path of a Unix domain socket; "
                                + "there is something else",
                        "upstream[0].targets[1]: found \"unix:\", expected the path of a file",
                        "upstream[0].targets[2]: found \"unix:///run/app.sock\", expected a path after unix:, without an "
                                + "authority; did you mean \"unix:/run/app.sock\"?",
                        "upstream[0].targets[3]: found \"unix:/x...\", expected a path of at most 107 bytes, which is what a "
                                + "socket can have",
                        "upstream[0].host: found \"app.internal:0\", expected " + host + ", the port from 1 to 65535",
                        "upstream[1].host: found \"a b\", expected " + host);
    }

    @Test
    void refusesProtocolsThatAreNotSpoken() {
        assertThat(fixture.problems("""
                        [[listener]]
                        name = "a"
                        address = ":1"
                        protocols = ["h3"]

                        [[listener]]
                        name = "b"
                        address = ":2"
                        protocols = []
                        """))
                .containsExactly(
                        "proxy.toml:4:14: listener[0].protocols[0]: found \"h3\", expected \"h2\" or \"http/1.1\"",
                        "proxy.toml:9:1: listener[1].protocols: found an empty array, expected at least one protocol");
    }

    @Test
    void refusesUpgradesOfHttp2() {
        assertThat(fixture.problems("""
                        [[listener]]
                        name = "a"
                        address = ":1"

                        [[upstream]]
                        name = "u"
                        targets = ["http://127.0.0.1"]
                        protocol = "h2"
                        upgrades = ["websocket"]
                        """))
                .singleElement()
                .asString()
                .contains("found upgrades beside protocol = \"h2\"");
    }

    @Test
    void refusesUpgradesThatWouldCarryRequests() {
        assertThat(fixture.problems("""
                        [[listener]]
                        name = "a"
                        address = ":1"

                        [[upstream]]
                        name = "u"
                        targets = ["http://127.0.0.1"]
                        upgrades = ["H2C", "a b"]
                        """))
                .containsExactly(
                        "proxy.toml:8:13: upstream[0].upgrades[0]: found \"H2C\", expected a protocol other than h2c, which"
                                + " would carry requests past this proxy",
                        "proxy.toml:8:20: upstream[0].upgrades[1]: found \"a b\", expected a protocol such as \"websocket\""
                                + " (RFC 9110, 7.8)");
    }

    @Test
    void refusesProxiesThatCannotBeTrusted() {
        assertThat(fixture.problems("""
                        [[listener]]
                        name = "a"
                        address = ":1"
                        trusted_proxies = ["10.1.2.3/8", "fe80::/129", "proxy.example", "010.0.0.1", 7]
                        client_field = "x-real-ip"
                        proxy_protocol = "v2"

                        [[listener]]
                        name = "b"
                        address = ":2"
                        proxy_protocol = true
                        """))
                .containsExactly(
                        "proxy.toml:4:20: listener[0].trusted_proxies[0]: found \"10.1.2.3/8\", expected a range whose address"
                                + " has no bits beyond its prefix; did you mean \"10.0.0.0/8\"?",
                        "proxy.toml:4:34: listener[0].trusted_proxies[1]: found \"fe80::/129\", expected an IP address, or a range"
                                + " such as \"10.0.0.0/8\", the prefix from 0 to 128",
                        "proxy.toml:4:48: listener[0].trusted_proxies[2]: found \"proxy.example\", expected an IP address, or a"
                                + " range such as \"10.0.0.0/8\"",
                        "proxy.toml:4:65: listener[0].trusted_proxies[3]: found \"010.0.0.1\", expected an IP address, or a"
                                + " range such as \"10.0.0.0/8\"",
                        "proxy.toml:4:78: listener[0].trusted_proxies[4]: found 7, expected an IP address or a range such as"
                                + " \"10.0.0.0/8\", as a string",
                        "proxy.toml:5:1: listener[0].client_field: found \"x-real-ip\", expected \"x-forwarded-for\" or"
                                + " \"forwarded\"",
                        "proxy.toml:6:1: listener[0].proxy_protocol: found \"v2\", expected true or false",
                        "proxy.toml:11:1: listener[1].proxy_protocol: found true without trusted_proxies, expected"
                                + " trusted_proxies, from where the header is believed");
    }

    @Test
    void readsFunctionsOverTheirDefaults() {
        FunctionDefinition greet =
                fixture.accepted(ConfigFixture.EVERYTHING).functions().getFirst();

        assertThat(greet.module()).isEqualTo(folder.resolve("greet.wasm"));
        assertThat(greet.limits())
                .isEqualTo(new FunctionLimits(Duration.ofMillis(50), 200_000_000, 32 << 20, 2_000_000, 1 << 10, 8, 0));
        assertThat(greet.environment())
                .isEqualTo(Map.of("GREETING", "hello world", "PRICE", "${env:WHO}", "TOKEN", "s3cr3t"));
    }

    @Test
    void readsRoutesInOrder() {
        var routes = fixture.accepted(ConfigFixture.EVERYTHING).proxy().routes();

        assertThat(routes).extracting("name").containsExactly("api", "old", "ok", "rest");
        assertThat(routes.get(0).match().methods()).isEqualTo(Set.of("GET", "PURGE"));
        assertThat(routes.get(0).match().listeners()).containsExactly("web");
        assertThat(routes.get(0).action()).isEqualTo(new RouteAction.Call("greet"));
        assertThat(routes.get(1).match().headers()).isEqualTo(Map.of("X-Old", "yes"));
        assertThat(routes.get(1).action()).isEqualTo(new RouteAction.Redirect(308, "https://example.com/new"));
        assertThat(routes.get(2).action())
                .isEqualTo(new RouteAction.Respond(201, Map.of("Content-Type", "text/plain"), "ok"));
        assertThat(routes.get(3).match()).isEqualTo(RouteMatch.ANY);
        assertThat(routes.get(3).action()).isEqualTo(new RouteAction.Forward("app"));
        assertThat(routes.get(3).mirror()).contains(new MirrorConfig("next", 0.5, 2 << 10, 3, Duration.ofSeconds(9)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"upstream = 'next'", "upstream = 'app', share = 0", "upstream = 'app', share = 1.5", "share = 1"
            })
    void refusesMirrors(String mirror) {
        assertThat(fixture.problems(
                        LISTENER + UPSTREAM + "[[route]]\nname = 'r'\nupstream = 'app'\nmirror = { " + mirror + " }\n"))
                .hasSize(1);
    }

    @Test
    void leavesLimitsOutAtTheRecordsDefaults() {
        GojinnConfig config = fixture.accepted(LISTENER + "[[function]]\nname = \"f\"\nmodule = \"greet.wasm\"");

        assertThat(config.proxy().listeners().getFirst().limits()).isEqualTo(ListenerLimits.defaults());
        assertThat(config.functions().getFirst().limits()).isEqualTo(FunctionLimits.defaults());
        assertThat(config.proxy().shutdownGrace()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.proxy().admin()).isEmpty();
    }

    @Test
    void reportsTenMistakesAtOnceEachInItsPlace() {
        String text = """
                [server]
                event_lops = 4
                shutdown_grace = "30"

                [[listener]]
                name = "web"
                address = "example.com"
                limits.connections = "many"

                [[upstream]]
                name = "app"
                targets = ["ftp://10.0.0.1", "http://10.0.0.2/x"]

                [[function]]
                name = "greet"
                module = "great.wasm"
                memory = "64mib"

                [[route]]
                name = "a"
                match = { path = "v1" }
                upstream = "ap"
                """;

        assertThat(fixture.problems(text))
                .containsExactly(
                        "proxy.toml:2:1: server.event_lops: found an unknown key, expected a key of [server];"
                                + " did you mean \"event_loops\"?",
                        "proxy.toml:3:1: server.shutdown_grace: found \"30\","
                                + " expected a duration with a unit (ns, us, ms, s, m, h), such as \"50ms\"",
                        "proxy.toml:7:1: listener[0].address: found \"example.com\", expected host:port with an IP"
                                + " address, localhost or no host, such as \"127.0.0.1:8080\" or \":8080\"",
                        "proxy.toml:8:1: listener[0].limits.connections: found \"many\","
                                + " expected an integer from 1 to 10000000",
                        "proxy.toml:12:12: upstream[0].targets[0]: found \"ftp://10.0.0.1\","
                                + " expected a URL http://host:port or https://host:port, or unix:/path/to.sock",
                        "proxy.toml:12:30: upstream[0].targets[1]: found \"http://10.0.0.2/x\","
                                + " expected a URL without a path, http://host:port or https://host:port, or unix:/path/to.sock",
                        "proxy.toml:16:1: function[0].module: found \"great.wasm\", expected a file that exists",
                        "proxy.toml:17:1: function[0].memory: found \"64mib\", expected a size with a unit"
                                + " (B, KB, KiB, MB, MiB, GB, GiB), such as \"64MiB\"; did you mean \"64MiB\"?",
                        "proxy.toml:21:11: route[0].match.path: found \"v1\", expected a path that starts with /",
                        "proxy.toml:22:1: route[0].upstream: found \"ap\", expected the name of an upstream or"
                                + " a split; did you mean \"app\"?");
    }

    @Test
    void reportsEverySyntaxError() {
        assertThat(fixture.problems("a = \nb = = 3\n[c]\n[c]\n"))
                .containsExactly(
                        "proxy.toml:1:5: found end of line, expected a value",
                        "proxy.toml:2:5: found '=', expected a value",
                        "proxy.toml:4:1: found a second c, expected only the one on line 3");
    }

    @Test
    void wantsAListener() {
        assertThat(fixture.problems(""))
                .containsExactly("proxy.toml:1:1: listener: found nothing, expected an array of tables, [[listener]]");
        assertThat(fixture.problems("listener = []"))
                .containsExactly("proxy.toml:1:1: listener: found an empty array, expected at least one [[listener]]");
    }

    @Test
    void namesWhatATableLacks() {
        assertThat(fixture.problems("[[listener]]\nname = \"web\"\n"))
                .containsExactly("proxy.toml:1:1: listener[0].address: found nothing,"
                        + " expected an address such as \"0.0.0.0:8080\"");
    }

    @Test
    void toleratesNoTableOfTheWrongKind() {
        assertThat(fixture.problems("server = 1\nadmin = []\nlistener.name = \"x\"\n[[metrics]]\n[route]\nname='a'"))
                .containsExactly(
                        "proxy.toml:1:1: server: found 1, expected a table, [server]",
                        "proxy.toml:2:1: admin: found an array, expected a table, [admin]",
                        "proxy.toml:3:1: listener: found a table, expected an array of tables, [[listener]]",
                        "proxy.toml:4:1: metrics: found an array, expected a table, [metrics]",
                        "proxy.toml:5:1: route: found a table, expected an array of tables, [[route]]");
    }

    @Test
    void refusesTwoThingsOfOneName() {
        String text = LISTENER + "[[listener]]\nname = \"web\"\naddress = \":8081\"\n";
        assertThat(fixture.problems(text))
                .containsExactly(
                        "proxy.toml:5:1: listener[1].name: found \"web\", the name of the listener on line 2 too,"
                                + " expected a name of its own");
    }

    @Test
    void refusesTwoListenersOnOneAddress() {
        String text = LISTENER + "[[listener]]\nname = \"b\"\naddress = \"127.0.0.1:8080\"\n"
                + "[admin]\naddress = \"[::1]:8080\"\n";
        assertThat(fixture.problems(text))
                .containsExactly(
                        "proxy.toml:6:1: listener[1].address: found \"127.0.0.1:8080\", taken by listener[0].address"
                                + " on line 3, expected an address of its own",
                        "proxy.toml:8:1: admin.address: found \"[::1]:8080\", taken by listener[0].address on line 3,"
                                + " expected an address of its own");
    }

    @Test
    void letsPortZeroBeUsedTwice() {
        fixture.accepted(
                "[[listener]]\nname='a'\naddress='127.0.0.1:0'\n[[listener]]\nname='b'\naddress='127.0.0.1:0'\n");
    }

    @Test
    void keepsTheAdminListenerOnLoopback() {
        assertThat(fixture.problems(LISTENER + "[admin]\naddress = \"0.0.0.0:2019\""))
                .singleElement()
                .asString()
                .startsWith("proxy.toml:5:1: admin.address: found \"0.0.0.0:2019\", expected a loopback address");
    }

    @Test
    void refusesMetricsThatNobodyServes() {
        assertThat(fixture.problems(LISTENER + "[metrics]\n"))
                .containsExactly("proxy.toml:4:1: metrics: found [metrics] without [admin],"
                        + " expected [admin], which serves the metrics");
    }

    @Test
    void wantsExactlyOneAction() {
        assertThat(fixture.routeProblems(""))
                .containsExactly("proxy.toml:7:1: route[0]: found no action,"
                        + " expected exactly one of function, upstream, static, respond, redirect");
        assertThat(fixture.routeProblems("function = \"greet\"\nrespond = {}"))
                .containsExactly("proxy.toml:7:1: route[0]: found function and respond,"
                        + " expected exactly one of function, upstream, static, respond, redirect");
    }

    @Test
    void refusesAMatchThatNeverGetsARequest() {
        String route = """
                match = { host = "A.example", path = "/{x}", methods = ["GET", "PUT"], headers = { X-A = "1" } }
                function = "greet"
                [[route]]
                name = "again"
                match = { host = "a.example", path = "/{y}", methods = ["PUT", "GET"], headers = { x-a = "1" } }
                function = "greet"
                [[route]]
                name = "other"
                match = { host = "a.example", path = "/{y}", methods = ["PUT", "POST"], headers = { x-a = "1" } }
                function = "greet"
                [[route]]
                name = "more_conditions"
                match = { host = "a.example", path = "/{z}", methods = ["PUT"], headers = { X-A = "1" }, query = { q = "1" } }
                function = "greet"
                [[route]]
                name = "every_path"
                match = { host = "a.example", methods = ["PUT"] }
                function = "greet"
                [[route]]
                name = "every_path_first"
                match = { host = "a.example", path = "/*" }
                function = "greet"
                """;
        assertThat(fixture.routeProblems(route))
                .containsExactly(
                        "proxy.toml:13:1: route[1].match: found a match that leaves nothing to it: route[0] on line 7 takes"
                                + " all its requests first, expected one that takes other requests",
                        "proxy.toml:25:1: route[4].match: found a match that leaves nothing to it: route[5] on line 27 takes"
                                + " all its requests first, expected one that takes other requests");
    }

    @Test
    void doesNotBlameReferencesToWhatIsItselfWrong() {
        String text = """
                [[listener]]
                name = "web"
                address = 1
                [[route]]
                name = "a"
                match.listener = "web"
                respond = {}
                """;
        assertThat(fixture.problems(text)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "example.com",
                "*.example.com",
                "a_b.example",
                "127.0.0.1",
                "[::1]",
                "localhost",
                "xn--bcher-kva.example"
            })
    void acceptsHosts(String host) {
        assertThat(fixture.routeProblems("match.host = '" + host + "'\nrespond = {}"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "*",
                "*.",
                "a.*",
                "*.*.b",
                "example.com:80",
                "a..b",
                "-a.example",
                "http://a",
                "a b",
                "bücher.example",
                "a.example.",
                "[::1",
                "[zz]"
            })
    void refusesHosts(String host) {
        assertThat(fixture.routeProblems("match.host = '" + host + "'\nrespond = {}"))
                .hasSize(1)
                .first()
                .asString()
                .contains("route[0].match.host");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/*", "/a/*", "/{id}", "/a/{id}/b/{_x}/*", "/%2B", "/a/b/", "/~a!$&'()+,;=:@"})
    void acceptsPaths(String path) {
        assertThat(fixture.routeProblems("match.path = \"" + path + "\"\nrespond = {}"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "*",
                "/a*",
                "/*/b",
                "/{a}/{a}",
                "/{}",
                "/{a",
                "/a{b}",
                "/{1}",
                "/a?b",
                "/a#b",
                "/a b",
                "/%4",
                "/%zz",
                "/a/../b",
                "/.",
                "/%41",
                "/%2b",
                "/a//b",
                "/a//*",
                "/a%2Fb",
                "/ä"
            })
    void refusesPaths(String path) {
        assertThat(fixture.routeProblems("match.path = '" + path + "'\nrespond = {}"))
                .hasSize(1)
                .first()
                .asString()
                .contains("route[0].match.path");
    }

    @Test
    void tellsTheCaseOfMethods() {
        assertThat(fixture.routeProblems("match.methods = [\"get\", \"G T\"]\nrespond = {}"))
                .containsExactly(
                        "proxy.toml:9:18: route[0].match.methods[0]: found \"get\", expected a method; their case counts"
                                + " (RFC 9110, 9.1); did you mean \"GET\"?",
                        "proxy.toml:9:25: route[0].match.methods[1]: found \"G T\", expected a method such as \"GET\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"a b\" = '1'", "a = \"x\\r\\ny: z\"", "a = ' x'", "a = 'ü'", "\"\" = 'x'", "a = 1"})
    void refusesHeaderFields(String field) {
        assertThat(fixture.routeProblems("respond.headers = { " + field + " }")).hasSize(1);
    }

    @Test
    void refusesFieldsThatFrameTheMessageOrComeTwice() {
        assertThat(fixture.routeProblems("respond.headers = { content-length = '1', A = '1', a = '1' }"))
                .containsExactly(
                        "proxy.toml:9:1: route[0].respond.headers: found \"a\" twice,"
                                + " expected each field once, whatever its case",
                        "proxy.toml:9:21: route[0].respond.headers.content-length: found the key \"content-length\","
                                + " expected a field that does not frame the message");
    }

    @Test
    void refusesABodyWhereNoneMayBe() {
        assertThat(fixture.routeProblems("respond = { status = 204, body = 'x' }"))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/a?b=c", "https://example.com/x", "http://[::1]:80/"})
    void acceptsLocations(String location) {
        assertThat(fixture.routeProblems("redirect.location = '" + location + "'"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "a", "//example.com", "javascript:alert(1)", "ftp://a/", "/a b", "http://", "/ü", "/%z"})
    void refusesLocations(String location) {
        assertThat(fixture.routeProblems("redirect.location = '" + location + "'"))
                .hasSize(1);
    }

    @Test
    void refusesOtherRedirectStatuses() {
        assertThat(fixture.routeProblems("redirect = { status = 304, location = '/' }"))
                .containsExactly("proxy.toml:9:14: route[0].redirect.status: found 304,"
                        + " expected one of 301, 302, 303, 307, 308");
    }

    @ParameterizedTest
    @CsvSource({
        "timeout, 500us",
        "timeout, 61m",
        "timeout, 1d",
        "timeout, -1s",
        "timeout, 1.5s",
        "timeout, 1 s",
        "timeout, 999999999999999h",
        "memory, 65535B",
        "memory, 2GiB",
        "max_output, 0B",
        "max_body, 3GiB"
    })
    void refusesLimitsOutOfRange(String key, String value) {
        String text = LISTENER + "[[function]]\nname='f'\nmodule='greet.wasm'\n" + key + " = '" + value + "'";
        assertThat(fixture.problems(text))
                .singleElement()
                .asString()
                .startsWith("proxy.toml:7:1: function[0]." + key + ": found \"" + value + "\", expected");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"127.0.0.1", ":", ":x", ":65536", "300.1.1.1:1", "1.2.3:1", "a.example:1", "[::1]", "::1:1"})
    void refusesAddresses(String address) {
        assertThat(fixture.problems("[[listener]]\nname='a'\naddress='" + address + "'\n"))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a:1",
                "http://",
                "http://:80",
                "http://a:0",
                "http://a:99999",
                "http://u:p@a:1",
                "http://a?b",
                "http://300.0.0.1",
                "HTTPS://a/b",
                "http://a:1:2"
            })
    void refusesTargets(String target) {
        assertThat(fixture.problems(LISTENER + "[[upstream]]\nname='a'\ntargets=['" + target + "']\n"))
                .hasSize(1);
    }

    @Test
    void wantsFilesThatCanBeRead() throws IOException {
        Files.createDirectory(folder.resolve("dir.wasm"));
        try (RandomAccessFile large =
                new RandomAccessFile(folder.resolve("large.wasm").toFile(), "rw")) {
            large.setLength(CrossChecks.MOST_MODULE_BYTES + 1);
        }
        String text = LISTENER + """
                tls.certificates = [{ certificate = "none.pem", key = "site.key" }]
                [[function]]
                name = "a"
                module = "dir.wasm"
                [[function]]
                name = "b"
                module = "large.wasm"
                [[function]]
                name = "c"
                module = "nul\\u0000.wasm"
                """;
        assertThat(fixture.problems(text))
                .containsExactly(
                        "proxy.toml:4:23: listener[0].tls.certificates[0].certificate: found \"none.pem\","
                                + " expected a file that exists",
                        "proxy.toml:7:1: function[0].module: found \"dir.wasm\", a directory, expected a regular file",
                        "proxy.toml:10:1: function[1].module: found \"large.wasm\" of 268435457 bytes,"
                                + " expected a file of at most 256MiB",
                        "proxy.toml:13:1: function[2].module: found \"nul\\u0000.wasm\","
                                + " expected a path that the file system can hold");
    }

    @Test
    void printsNoControlCharacters() {
        assertThat(fixture.problems(LISTENER + "\"\\u001b[31m\\u202e\" = 1\n"))
                .containsExactly("proxy.toml:4:1: listener[0].\"\\u001B[31m\\u202E\": found an unknown key,"
                        + " expected a key of [[listener]]");
    }

    @Test
    void saysWhereTheFileStopsBeingText() {
        byte[] bytes = "[server]\n# \u00e9x".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(((Rejected) fixture.load(bytes)).problems())
                .singleElement()
                .asString()
                .endsWith("proxy.toml:2:3: found a byte that is not UTF-8, expected UTF-8 text");
    }

    @Test
    void refusesFilesThatAreNone() throws IOException {
        ConfigLoader loader = new ConfigLoader(name -> null);
        Path large = Files.write(folder.resolve("large.toml"), new byte[ConfigLoader.MOST_BYTES + 1]);
        for (Path path : List.of(folder, large, folder.resolve("missing.toml"), Path.of("/dev/zero"))) {
            assertThat(loader.load(path)).isInstanceOf(Rejected.class);
        }
    }
}
