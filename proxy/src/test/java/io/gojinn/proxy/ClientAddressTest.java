package io.gojinn.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gojinn.proxy.Http2Client.Head;
import io.gojinn.proxy.address.AddressRange;
import io.gojinn.proxy.address.ClientField;
import io.gojinn.proxy.address.ProxyTrust;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientAddressTest {
    private static final ProxyTrust LOOPBACK = trusting(ClientField.X_FORWARDED_FOR);
    private static final ProxyTrust LOOPBACK_BY_FORWARDED = trusting(ClientField.FORWARDED);

    private static ProxyTrust trusting(ClientField field) {
        return new ProxyTrust(
                List.of(
                        new AddressRange(InetAddress.ofLiteral("127.0.0.0"), 8),
                        new AddressRange(InetAddress.ofLiteral("2001:db8:ffff::"), 48)),
                field,
                false);
    }

    @Test
    void replacesWhatStrangersTell() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.forwardingTo(upstream);
                RawClient client = proxy.connect();
                Http2Client http2 = Http2Client.connect(proxy)) {
            String seen = sent(
                    client,
                    "X-Forwarded-For: 198.51.100.1",
                    "x-forwarded-for: 198.51.100.2",
                    "X_Forwarded_For: 198.51.100.3",
                    "X-Forwarded-Proto: https",
                    "X-Forwarded-Host: evil",
                    "X-Forwarded-Port: 443",
                    "X-Forwarded-Prefix: /evil",
                    "X-Real-IP: 198.51.100.4",
                    "X_real_ip: 198.51.100.5",
                    "Forwarded: for=198.51.100.6",
                    "X-Forwarded-: evil",
                    "X-Real-IPv: kept");
            assertThat(fields(seen, "x-forwarded-for")).containsExactly("127.0.0.1");
            assertThat(fields(seen, "x-forwarded-proto")).containsExactly("http");
            assertThat(fields(seen, "x-forwarded-host")).containsExactly("a.example");
            assertThat(seen.toLowerCase(Locale.ROOT))
                    .doesNotContain("198.51.100", "evil", "443", "\r\nforwarded:")
                    .contains("x-real-ipv: kept");

            String overHttp2 = http2.request(1, Head.get("/").with("x-forwarded-for", "198.51.100.1"))
                    .response(1)
                    .body();
            assertThat(fields(overHttp2, "x-forwarded-for")).containsExactly("127.0.0.1");
        }
    }

    /** Right to left: the first address that is no trusted proxy's, or the proxy that noted what is none. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "192.0.2.7 | 192.0.2.7",
                "6.6.6.6, 192.0.2.7 | 192.0.2.7",
                "6.6.6.6, 192.0.2.7, 127.0.0.5, 2001:db8:ffff::1 | 192.0.2.7",
                "2001:DB8::7 | 2001:db8::7",
                "[2001:db8::7]:443 | 2001:db8::7",
                "192.0.2.7:8080 | 192.0.2.7",
                "127.0.0.3 | 127.0.0.3",
                "127.0.0.4, 127.0.0.3 | 127.0.0.4",
                "unknown | 127.0.0.1",
                "192.0.2.7, garbage | 127.0.0.1",
                "192.0.2.7, garbage, 127.0.0.3 | 127.0.0.3",
                "192.0.2.7, 0300.0.2.1 | 127.0.0.1",
                "192.0.2.7:80:80 | 127.0.0.1",
                "192.0.2.7:x | 127.0.0.1",
                ", ,192.0.2.7,, | 192.0.2.7",
                "'' | 127.0.0.1",
            })
    void findsTheClientBehindTrustedProxies(String chain, String client) {
        try (TestProxy proxy = TestProxy.with()
                        .function("/f", FakeFunction.echo())
                        .trust(LOOPBACK)
                        .start();
                RawClient from = proxy.connect()) {
            from.send("GET /f HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + chain + "\r\n\r\n");
            assertThat(from.read().body()).contains("\"remote_addr\":\"" + client + "\"");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "for=192.0.2.7 | 192.0.2.7 | http",
                "FOR=192.0.2.7;Proto=HTTPS;by=127.0.0.1 | 192.0.2.7 | https",
                "for=\"192.0.2.7:4711\" ; proto=https | 192.0.2.7 | https",
                "for=\"[2001:db8::7]\" | 2001:db8::7 | http",
                "for=\"[2001:db8::7]:80\";host=\"b.example\" | 2001:db8::7 | http",
                "for=6.6.6.6;proto=https, for=192.0.2.7;proto=http, for=127.0.0.5;proto=https | 192.0.2.7 | http",
                "for=unknown | 127.0.0.1 | http",
                "for=_hidden;proto=https | 127.0.0.1 | http",
                "for=192.0.2.7, for=_hidden, for=127.0.0.5 | 127.0.0.5 | http",
                "for=192.0.2.7;for=192.0.2.8 | 127.0.0.1 | http",
                "for= | 127.0.0.1 | http",
                "for | 127.0.0.1 | http",
                "=192.0.2.7 | 127.0.0.1 | http",
                "for=\"192.0.2.7 | 127.0.0.1 | http",
                "for=\", for=192.0.2.7 | 127.0.0.1 | http",
                "for=\"a,b\", for=192.0.2.7 | 192.0.2.7 | http",
                "for=\"192.0.2.7\\\" | 127.0.0.1 | http",
                "proto=https | 127.0.0.1 | http",
                "for=192.0.2.7;proto=gopher | 192.0.2.7 | http",
            })
    void readsForwardedWhereThatIsBelieved(String chain, String client, String scheme) {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .trust(LOOPBACK_BY_FORWARDED)
                        .start();
                RawClient from = proxy.connect()) {
            String seen = sent(from, "Forwarded: " + chain, "X-Forwarded-For: 6.6.6.6", "X-Real-IP: 6.6.6.6");
            assertThat(fields(seen, "x-forwarded-for")).containsExactly(client);
            assertThat(fields(seen, "x-forwarded-proto")).containsExactly(scheme);
            assertThat(fields(seen, "x-real-ip")).isEmpty();
            assertThat(fields(seen, "forwarded")).hasSize(1);
            assertThat(fields(seen, "forwarded").getFirst()).endsWith(", for=127.0.0.1;proto=http;host=\"a.example\"");
        }
    }

    @Test
    void continuesWhatTrustedProxiesTell() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .trust(LOOPBACK)
                        .start();
                RawClient client = proxy.connect()) {
            String seen = sent(
                    client,
                    "Connection: x-forwarded-for, x-forwarded-proto",
                    "X-Forwarded-For: 6.6.6.6",
                    "X-Forwarded-For: 192.0.2.7",
                    "X-Forwarded-Proto: https",
                    "X-Forwarded-Host: b.example",
                    "X-Forwarded-Port: 443",
                    "Forwarded: for=6.6.6.6",
                    "Via: 1.1 a");
            assertThat(fields(seen, "x-forwarded-for")).containsExactly("6.6.6.6, 192.0.2.7, 127.0.0.1");
            assertThat(fields(seen, "x-forwarded-proto")).containsExactly("https");
            assertThat(fields(seen, "x-forwarded-host")).containsExactly("b.example");
            assertThat(fields(seen, "x-forwarded-port")).containsExactly("443");
            assertThat(fields(seen, "forwarded")).isEmpty();
            assertThat(fields(seen, "via")).containsExactly("1.1 a, 1.1 gojinn");
        }
    }

    @Test
    void forgetsTheBeginningOfALongChain() {
        String chain = String.join(", ", Collections.nCopies(200, "127.0.0.2"));
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .trust(LOOPBACK)
                        .start();
                RawClient client = proxy.connect()) {
            String seen = sent(client, "X-Forwarded-For: 192.0.2.7, " + chain);
            List<String> told =
                    Arrays.asList(fields(seen, "x-forwarded-for").getFirst().split(", "));
            assertThat(told).hasSize(32).doesNotContain("192.0.2.7").endsWith("127.0.0.1");
        }
    }

    @Test
    void logsTheClient() {
        CapturedLog access = new CapturedLog();
        try (TestProxy proxy = TestProxy.with()
                        .respond("/", "hi")
                        .trust(LOOPBACK)
                        .accessLog(access)
                        .start();
                RawClient client = proxy.connect()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n")
                    .read();
            assertThat(access.awaitLines(1).getFirst().get("client").asString()).isEqualTo("192.0.2.7");
        }
    }

    @Test
    void listensOnIpv6() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .address("::1")
                        .start();
                RawClient client = proxy.connect()) {
            assertThat(fields(sent(client), "x-forwarded-for")).containsExactly("::1");
        }
    }

    /** A wildcard of IPv6 takes IPv4 too, whose addresses are told as such. */
    @Test
    void tellsIpv4ClientsOfAnIpv6Listener() {
        try (RawUpstream upstream = RawUpstream.echoing();
                TestProxy proxy = TestProxy.with()
                        .upstream(upstream.config())
                        .address("::")
                        .trust(LOOPBACK)
                        .start();
                RawClient client = RawClient.connect(new InetSocketAddress(
                        InetAddress.ofLiteral("127.0.0.1"),
                        proxy.server().address("web").getPort()))) {
            assertThat(fields(sent(client, "X-Forwarded-For: 192.0.2.7"), "x-forwarded-for"))
                    .containsExactly("192.0.2.7, 127.0.0.1");
        }
    }

    /** What the upstream was sent. */
    private static String sent(RawClient client, String... fields) {
        StringBuilder request = new StringBuilder("GET / HTTP/1.1\r\nHost: a.example\r\n");
        for (String field : fields) {
            request.append(field).append("\r\n");
        }
        return client.send(request + "\r\n").read().body();
    }

    private static List<String> fields(String message, String name) {
        return message.lines()
                .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                .map(line -> line.substring(name.length() + 1).strip())
                .toList();
    }
}
