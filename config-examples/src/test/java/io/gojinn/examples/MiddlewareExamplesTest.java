package io.gojinn.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of middleware, and the strangler fig, do what their comments say. */
class MiddlewareExamplesTest {
    private static final Path EXAMPLES = Path.of(System.getProperty("gojinn.root"), "config-examples");
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @TempDir
    Path folder;

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return CLIENT.send(request.build(), BodyHandlers.ofString());
    }

    private static HttpRequest.Builder order(Gojinn.Served served, String payload) {
        return HttpRequest.newBuilder(served.uri("/orders")).POST(BodyPublishers.ofString(payload));
    }

    @Test
    void functionsStandInTheWayOfRoutes() throws Exception {
        HttpServer app = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        app.createContext("/", exchange -> {
            String answer = exchange.getRequestURI() + " features="
                    + exchange.getRequestHeaders().getFirst("X-Features");
            byte[] page = ("<html><body>" + answer + "</body></html>").getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        app.start();
        Gojinn.Served served = Gojinn.config(
                Files.readString(EXAMPLES.resolve("middleware/proxy.toml"))
                        .replace(":3000", ":" + app.getAddress().getPort()),
                folder);
        try (Gojinn gojinn = Gojinn.serve(served.file())) {
            onlyKnownUsersOrder(served);
            usersStayWithTheirVariant(served);
            pagesGetTheBanner(served);
            featuresAreOnForSome(served);
            assertThat(gojinn.log()).isNotEmpty();
        } finally {
            app.stop(0);
        }
    }

    private static void onlyKnownUsersOrder(Gojinn.Served served) throws Exception {
        String good = "{\"item\": \"tea\", \"quantity\": 2}";
        HttpResponse<String> taken = send(order(served, good).header("X-Api-Key", "sesame"));
        assertThat(taken.statusCode()).isEqualTo(200);
        assertThat(taken.body()).isEqualTo(good);
        for (String wrong : new String[] {"sesam", "sesame2", "ada", "", "ada=sesame"}) {
            assertThat(send(order(served, good).header("X-Api-Key", wrong)).statusCode())
                    .as(wrong)
                    .isEqualTo(401);
        }
        HttpResponse<String> unknown = send(order(served, good).header("X-User", "ada"));
        assertThat(unknown.statusCode()).isEqualTo(401);
        assertThat(unknown.headers().firstValue("www-authenticate")).contains("ApiKey");
        for (String bad : new String[] {
            "", "[]", "{\"item\": 1, \"quantity\": 2}", "{\"item\": \"tea\", \"quantity\": 100}", "{\"item\": \"tea\"}"
        }) {
            HttpResponse<String> refused = send(order(served, bad).header("X-Api-Key", "hush"));
            assertThat(refused.statusCode()).as(bad).isEqualTo(422);
            assertThat(refused.body()).contains("problem");
        }
    }

    private static void usersStayWithTheirVariant(Gojinn.Served served) throws Exception {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 40; i++) {
            HttpResponse<String> first = Gojinn.get(served.uri("/shop?q=1"));
            String cookie = first.headers().firstValue("set-cookie").orElseThrow();
            String variant = cookie.substring("variant=".length(), "variant=".length() + 1);
            assertThat(first.body()).contains("/" + variant + "/shop?q=1");
            seen.add(variant);
            HttpResponse<String> again = send(HttpRequest.newBuilder(served.uri("/shop"))
                    .header("Cookie", "other=1; variant=" + variant)
                    .header("X-Variant", variant.equals("a") ? "b" : "a"));
            assertThat(again.body()).contains("/" + variant + "/shop");
        }
        // Wrong by chance once in 2^39.
        assertThat(seen).containsExactlyInAnyOrder("a", "b");
    }

    private static void pagesGetTheBanner(Gojinn.Served served) throws Exception {
        HttpResponse<String> page = Gojinn.get(served.uri("/page"));
        assertThat(page.body()).endsWith("<p>Closed on Sunday.</p></body></html>");
        assertThat(page.headers().firstValueAsLong("content-length"))
                .hasValue(page.body().getBytes(StandardCharsets.UTF_8).length);
    }

    private static void featuresAreOnForSome(Gojinn.Served served) throws Exception {
        int checkout = 0;
        for (int i = 0; i < 60; i++) {
            HttpRequest.Builder request = HttpRequest.newBuilder(served.uri("/features"))
                    .header("X-User", "user" + i)
                    .header("X-Features", "retired");
            String features = send(request).body();
            assertThat(features).contains("features=search").doesNotContain("retired");
            assertThat(send(request).body()).isEqualTo(features);
            checkout += features.contains("checkout") ? 1 : 0;
        }
        assertThat(checkout).isBetween(10, 50);
    }

    @Test
    void routesOfALegacyServiceMoveIntoFunctionsOneByOne() throws Exception {
        int port = Gojinn.freePort();
        Process legacy = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        EXAMPLES.resolve("strangler-fig/Legacy.java").toString(),
                        String.valueOf(port))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader output = legacy.inputReader()) {
            assertThat(output.readLine()).contains("legacy service on port");
            Gojinn.Served served = Gojinn.config(
                    Files.readString(EXAMPLES.resolve("strangler-fig/proxy.toml"))
                            .replace(":3000", ":" + port),
                    folder);
            try (Gojinn gojinn = Gojinn.serve(served.file())) {
                HttpResponse<String> moved = Gojinn.post(served.uri("/tax"), "{\"id\":\"1\",\"value\":100}");
                assertThat(moved.body()).contains("115.00").doesNotContain("legacy");
                assertThat(Gojinn.get(served.uri("/invoices")).body()).contains("legacy");
                // A method that has not moved.
                assertThat(Gojinn.get(served.uri("/tax")).body()).contains("legacy");
                assertThat(gojinn.log()).isNotEmpty();
            }
        } finally {
            legacy.destroy();
            legacy.waitFor();
        }
    }
}
