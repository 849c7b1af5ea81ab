package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every example serves what its comments say. */
class ExamplesTest {
    @TempDir
    Path folder;

    @Test
    void quickstartAnswersFromAFunctionAndFromAnUpstream() throws Exception {
        Gojinn.Served served = Gojinn.example("quickstart", folder);
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            HttpResponse<String> greeting = Gojinn.get(served.uri("/greet?name=Ada"));
            assertThat(greeting.statusCode()).isEqualTo(200);
            assertThat(greeting.headers().firstValue("content-type")).contains("application/json");
            assertThat(greeting.body()).contains("\"message\":\"Hello, Ada!\"");
            assertThat(Gojinn.get(served.uri("/")).body()).isEqualTo("This is the application.\n");
            assertThat(served.metric("gojinn_engine_compiled")).isEqualTo(1);
            assertThat(gojinn.log()).noneMatch(line -> line.contains("INTERPRETED"));
        }
    }

    @Test
    void reverseProxyForwardsEverything() throws Exception {
        HttpServer upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        upstream.createContext("/", exchange -> {
            byte[] answer = ("upstream got " + exchange.getRequestMethod() + " " + exchange.getRequestURI())
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        upstream.start();
        try {
            String text = Files.readString(
                    Path.of(System.getProperty("gojinn.root"), "config-examples/reverse-proxy/proxy.toml"));
            Gojinn.Served served = Gojinn.config(
                    text.replace(":3000", ":" + upstream.getAddress().getPort()), folder);
            try (Gojinn gojinn = Gojinn.serve(served.file())) {
                assertThat(Gojinn.get(served.uri("/some/path?q=1")).body())
                        .isEqualTo("upstream got GET /some/path?q=1");
                assertThat(Gojinn.post(served.uri("/form"), "a=1").body()).isEqualTo("upstream got POST /form");
                assertThat(gojinn.log()).isNotEmpty();
            }
        } finally {
            upstream.stop(0);
        }
    }

    @Test
    void functionOnlyComputesTheTax() throws Exception {
        Gojinn.Served served = Gojinn.example("function-only", folder);
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            HttpResponse<String> answer = Gojinn.post(served.uri("/api/bench"), "{\"id\":\"1\",\"value\":100}");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).contains("115.00");
            assertThat(Gojinn.get(served.uri("/elsewhere")).statusCode()).isEqualTo(404);
            assertThat(gojinn.log()).isNotEmpty();
        }
    }

    @Test
    void rewritingChangesPathsAndErrors() throws Exception {
        Gojinn.Served served = Gojinn.example("rewriting", folder);
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            assertThat(Gojinn.get(served.uri("/api/items?debug=1&page=2"))
                            .headers()
                            .firstValue("x-got"))
                    .contains("/v2/items page=2&source=edge");
            assertThat(Gojinn.get(served.uri("/item/a%20b")).headers().firstValue("x-got"))
                    .contains("/items/a%20b");
            HttpResponse<String> moved = Gojinn.get(served.uri("/old/7"));
            assertThat(moved.statusCode()).isEqualTo(302);
            assertThat(moved.headers().firstValue("location"))
                    .contains(served.uri("/item/7").toString());
            HttpResponse<String> nowhere = Gojinn.get(served.uri("/nowhere"));
            assertThat(nowhere.statusCode()).isEqualTo(404);
            assertThat(nowhere.body()).isEqualTo("<h1>There is nothing here.</h1>");
            assertThat(gojinn.log()).isNotEmpty();
        }
    }

    @Test
    void policiesLetWhoMayPassAndTidyFields() throws Exception {
        Gojinn.Served served = Gojinn.example("policies", folder);
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            HttpResponse<String> shop = Gojinn.get(served.uri("/shops/books/list"));
            assertThat(shop.statusCode()).isEqualTo(200);
            assertThat(shop.headers().firstValue("x-got")).contains("shop=books client=127.0.0.1 cookie=");
            assertThat(shop.headers().firstValue("x-powered-by")).isEmpty();
            assertThat(shop.headers().firstValue("strict-transport-security")).contains("max-age=63072000");
            HttpResponse<String> office = Gojinn.get(served.uri("/office"));
            assertThat(office.statusCode()).isEqualTo(403);
            assertThat(office.headers().firstValue("x-gojinn-error")).contains("address");
            assertThat(gojinn.log()).isNotEmpty();
        }
    }

    @Test
    void canarySharesClientsAndKeepsThemWhereTheyAre() throws Exception {
        Gojinn.Served served = Gojinn.example("canary", folder);
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            Map<String, String> cookies = new HashMap<>();
            for (int i = 0; i < 200 && cookies.size() < 2; i++) {
                HttpResponse<String> answer = Gojinn.get(served.uri("/"));
                cookies.put(
                        answer.body(),
                        answer.headers().allValues("set-cookie").stream()
                                .map(cookie -> cookie.substring(0, cookie.indexOf(';')))
                                .collect(Collectors.joining("; ")));
            }
            assertThat(cookies).containsOnlyKeys("This is the stable release.\n", "This is the canary.\n");
            assertThat(cookies.get("This is the stable release.\n")).contains("shop_release=", "shop_session=");
            for (Map.Entry<String, String> client : cookies.entrySet()) {
                for (int i = 0; i < 20; i++) {
                    assertThat(Gojinn.get(served.uri("/"), "Cookie", client.getValue())
                                    .body())
                            .isEqualTo(client.getKey());
                }
            }
            assertThat(gojinn.log()).isNotEmpty();
        }
    }

    @Test
    void mirrorSendsCopiesWhoseAnswersNobodySees() throws Exception {
        Gojinn.Served served = Gojinn.example("mirror", folder);
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            for (int i = 0; i < 100; i++) {
                assertThat(Gojinn.get(served.uri("/")).body()).isEqualTo("This is the application.\n");
            }
            // Half of them, six standard deviations of 5 around.
            assertThat(served.metric("gojinn_mirror_requests_total{route=\"everything\",outcome=\"sent\",}"))
                    .isBetween(20.0, 80.0);
            assertThat(gojinn.log()).isNotEmpty();
        }
    }

    @Test
    void accessAsksForTokensPasswordsAndAnotherServer() throws Exception {
        Gojinn.Served served = Gojinn.example("access", folder);
        String token = Files.readString(served.file())
                .lines()
                .filter(line -> line.startsWith("# TOKEN="))
                .findFirst()
                .orElseThrow()
                .substring("# TOKEN=".length());
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            HttpResponse<String> refused = Gojinn.get(served.uri("/orders"));
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(refused.headers().firstValue("www-authenticate")).contains("Bearer");
            HttpResponse<String> orders = Gojinn.get(served.uri("/orders"), "Authorization", "Bearer " + token);
            assertThat(orders.statusCode()).isEqualTo(200);
            assertThat(orders.headers().firstValue("x-got")).contains("user=ada");
            assertThat(orders.headers().firstValue("vary")).contains("Origin");
            assertThat(Gojinn.get(served.uri("/reports")).statusCode()).isEqualTo(401);
            HttpResponse<String> reports =
                    Gojinn.get(served.uri("/reports"), "Authorization", "Basic YWRhOnNlY3JldA==");
            assertThat(reports.statusCode()).isEqualTo(200);
            assertThat(reports.headers().firstValue("x-got")).contains("user=ada");
            HttpResponse<String> account = Gojinn.get(served.uri("/account"));
            assertThat(account.statusCode()).isEqualTo(302);
            assertThat(account.headers().firstValue("location")).contains("https://login.example/");
            assertThat(gojinn.log()).isNotEmpty();
        }
    }
}
