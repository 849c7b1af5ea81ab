package io.gojinn.load;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What each policy costs a route that forwards to an upstream, and what all of them cost together. Every round of a policy follows
 * one of the plain route with the same request; a ratio is that of the two. Needs the distribution and {@code wrk}.
 *
 * <p>{@code bin/build && jmh-benchmarks/run -main io.gojinn.load.PolicyMain [rounds [seconds [names]]]}
 *
 * <p>Left out are those that ask others, functions and forward-auth, and mirrors, which are requests of their own. Together with a
 * token a password cannot be: both are in the same field.
 */
public final class PolicyMain {
    private static final String SECRET = "a secret of the benchmark, 32 bytes and more";
    private static final String POLICIES = """
            [[middleware]]
            name = "addresses"
            addresses = { allow = ["127.0.0.0/8", "10.0.0.0/8", "2001:db8::/32"], deny = ["192.0.2.0/24"] }
            [[middleware]]
            name = "cors"
            [middleware.cors]
            origins = ["https://shop.example"]
            expose = ["X-Total"]
            [[middleware]]
            name = "password"
            [middleware.basic_auth]
            realm = "shop"
            users = { ada = "$2y$08$4VzIcXxG6rBv0HOXd/z.M.0WaxpW67exMGinRCqMaOuUN8YtID1JK" }
            user_header = "X-Name"
            [[middleware]]
            name = "token"
            [middleware.jwt]
            algorithms = ["HS256"]
            secret = "SECRET"
            pass = { sub = "X-User" }
            [[middleware]]
            name = "rate"
            rate = { requests = 1_000_000 }
            [[middleware]]
            name = "concurrency"
            concurrency = { requests = 1_000 }
            [[middleware]]
            name = "shed"
            shed = { initial = 1_000, least = 1_000 }
            [[middleware]]
            name = "headers"
            [middleware.headers]
            request.set = { X-Client = "{client}", X-Edge = "one" }
            request.remove = ["Cookie"]
            response.set = { Strict-Transport-Security = "max-age=63072000", X-Content-Type-Options = "nosniff" }
            response.remove = ["X-Powered-By"]
            [[middleware]]
            name = "rewrite"
            [middleware.rewrite]
            add_prefix = "/v2"
            set_query = { source = "edge" }
            [[middleware]]
            name = "errors"
            error_pages = { pages = { "500-599" = "<h1>We will be back.</h1>" }, responses = true }
            [[middleware]]
            name = "compression"
            compress = {}
            """.replace("SECRET", SECRET);
    private static final List<String> ALONE = List.of(
            "addresses",
            "cors",
            "password",
            "token",
            "rate",
            "concurrency",
            "shed",
            "headers",
            "rewrite",
            "errors",
            "compression");
    private static final List<String> TOGETHER = List.of(
            "compression", "errors", "cors", "addresses", "token", "rate", "concurrency", "shed", "headers", "rewrite");

    private static final int FIRST_WARMUP_SECONDS = 40;
    private static final int WARMUP_SECONDS = 10;

    private final Distribution proxy;
    private final int port;
    private final String authorization;

    private PolicyMain(Distribution proxy, int port, String authorization) {
        this.proxy = proxy;
        this.port = port;
        this.authorization = authorization;
    }

    /** Runs once. */
    @SuppressWarnings({"SystemOut", "try"}) // what it is for; the server answers on its port
    public static void main(String... arguments) throws Exception {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 4;
        int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 4;
        int port = Distribution.freePort();
        int upstream = Distribution.freePort();
        Map<String, List<String>> measured = new TreeMap<>();
        ALONE.forEach(name -> measured.put(name, List.of(name)));
        measured.put("together", TOGETHER);
        if (arguments.length > 2) {
            measured.keySet().retainAll(Arrays.asList(arguments[2].split(",", -1)));
        }
        StringBuilder config = new StringBuilder("""
                [[listener]]
                name = "web"
                address = "127.0.0.1:%d"
                [[upstream]]
                name = "app"
                targets = ["http://127.0.0.1:%d"]
                [[route]]
                name = "plain"
                match = { listener = "web", path = "/plain" }
                upstream = "app"
                """.formatted(port, upstream));
        config.append(POLICIES);
        measured.forEach((name, list) -> config.append("""
                [[route]]
                name = "%s"
                match = { listener = "web", path = "/%s" }
                middleware = ["%s"]
                upstream = "app"
                """.formatted(name, name, String.join("\", \"", list))));
        String app = """
                [[listener]]
                name = "app"
                address = "127.0.0.1:%d"
                [[route]]
                name = "app"
                respond = { body = "ok" }
                """.formatted(upstream);
        try (Distribution server = Distribution.start(Files.createTempDirectory("gojinn-app"), app, "-Xmx512m");
                Distribution proxy = Distribution.start(
                        Files.createTempDirectory("gojinn-policies"), config.toString(), "-Xmx512m")) {
            System.out.printf("forwarded to a server of its own, %d rounds of %d s%n", rounds, seconds);
            System.out.println(
                    "| policy | requests per second, of plain | processor time of a request, plain | with it |");
            System.out.println("|---|---|---|---|");
            // Or what is measured first would be slower for being first.
            new PolicyMain(proxy, port, "").round("plain", FIRST_WARMUP_SECONDS);
            for (String name : measured.keySet()) {
                String authorization = name.equals("password")
                        ? "Basic " + Base64.getEncoder().encodeToString("ada:secret".getBytes(StandardCharsets.UTF_8))
                        : "Bearer " + token();
                new PolicyMain(proxy, port, authorization).measure(name, rounds, seconds);
            }
        }
    }

    @SuppressWarnings("SystemOut") // what it is for
    private void measure(String name, int rounds, int seconds) throws Exception {
        round(name, WARMUP_SECONDS);
        double[] requests = new double[rounds];
        double[] without = new double[rounds];
        double[] with = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            Wrk.Round plain = round("plain", seconds);
            Wrk.Round policy = round(name, seconds);
            requests[i] = policy.perSecond() / plain.perSecond();
            without[i] = plain.microsARequest();
            with[i] = policy.microsARequest();
        }
        System.out.printf(
                "| %s | %.2f | %.1f us | %.1f us |%n",
                name, Wrk.median(requests), Wrk.median(without), Wrk.median(with));
    }

    private Wrk.Round round(String route, int seconds) throws Exception {
        return Wrk.round(
                proxy,
                "http://127.0.0.1:" + port + "/" + route,
                seconds,
                // What a browser sends, more or less.
                List.of(
                        "Authorization: " + authorization,
                        "Origin: https://shop.example",
                        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
                        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                        "Accept-Language: en-US,en;q=0.5",
                        "Accept-Encoding: gzip, deflate, br, zstd",
                        "Cookie: session=0123456789abcdef",
                        "Connection: keep-alive"));
    }

    private static String token() throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        String signed = base64("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".getBytes(StandardCharsets.UTF_8))
                + '.'
                + base64("{\"sub\":\"ada\",\"exp\":4102444800}".getBytes(StandardCharsets.UTF_8));
        return signed + '.' + base64(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
